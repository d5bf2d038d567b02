import { EventEmitter } from 'node:events'
import type { Writable } from 'node:stream'
import test from 'ava'
import type { WebSocket } from 'ws'
import { ChannelClosedError, ChannelFullError } from '../../src/index.ts'
import { SocketConnection, type SocketProtocol } from '../../src/server/socket-connection.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

/** A socket of `ws` and the connection under it, without a network. */
class FakeSocket extends EventEmitter {
  bufferedAmount = 0
  readyState = 1
  /** What was written in one piece, as texts. */
  readonly writes: string[][] = []
  #corked: string[] | undefined
  readonly sent: unknown[] = []
  readonly closes: [code: number, reason: string][] = []
  pings = 0
  terminated = false

  write(frame: Buffer): void {
    const text = readFrame(frame)
    this.sent.push(text)
    if (this.#corked === undefined) this.writes.push([text])
    else this.#corked.push(text)
  }

  cork(): void {
    this.#corked = []
  }

  uncork(): void {
    this.writes.push(this.#corked ?? [])
    this.#corked = undefined
  }

  close(code: number, reason: string): void {
    this.closes.push([code, reason])
  }

  ping(): void {
    this.pings++
  }

  terminate(): void {
    this.terminated = true
    this.emit('close')
  }

  receive(data: string | Buffer, count = 1): void {
    for (let i = 0; i < count; i++) this.emit('message', Buffer.from(data as string), typeof data !== 'string')
  }
}

/** What a frame of up to 125 bytes says, as a client reads it. */
function readFrame(frame: Buffer): string {
  const [first, length = 0] = frame
  if (first !== 0x81 || frame.length !== 2 + length) throw new Error('this is no short text')
  return frame.toString('utf8', 2)
}

/** A connection whose protocol keeps what it gets, at a time that the test sets. */
function connect(protocol: Partial<SocketProtocol> = {}) {
  const socket = new FakeSocket()
  const got: unknown[] = []
  const told: string[] = []
  const time = { ms: 0 }
  const listener = {
    onStarted: () => void told.push('started'),
    onGone: () => void told.push('gone'),
    onError: (error: unknown) => void told.push(String(error)),
  }
  const clock = new VirtualClock(() => time.ms)
  const connection = new SocketConnection(
    socket as unknown as WebSocket,
    socket as unknown as Writable,
    '192.0.2.1',
    listener,
    clock,
  )
  connection.serve({
    onText: (text) => void got.push(text),
    onBinary: (data) => void got.push(data.length),
    onClose: () => void got.push('close'),
    ...protocol,
  })
  return { socket, connection, got, told, time }
}

test('messages arrive in order, until the connection ends in whatever way, which is told once', (t) => {
  for (const end of ['close', 'error', 'own'] as const) {
    const { socket, connection, got, told } = connect()
    socket.receive('a')
    socket.receive(Buffer.of(1, 2, 3))
    if (end === 'own') connection.close(1000, 'done')
    else socket.emit(end, new Error('reset'))
    socket.emit('close')
    socket.receive('late')
    connection.close(1011, 'again')
    t.deepEqual(got, ['a', 3, 'close'], end)
    t.deepEqual(told, ['gone'], end)
    t.deepEqual(socket.closes, end === 'own' ? [[1000, 'done']] : [], end)
    t.throws(() => connection.send('x'), { instanceOf: ChannelClosedError })
    t.false(connection.sendAudio('x'))
    connection.trySend('x')
    t.deepEqual(socket.sent, [])
  }
})

test('audio leaves with what follows it, in order and in one write; all else at once', (t) => {
  const { socket, connection } = connect()
  connection.trySend('a')
  t.true(connection.sendAudio('b'))
  t.true(connection.sendAudio('c'))
  connection.trySend('d')
  t.deepEqual(socket.writes, [['a']])
  connection.flush()
  connection.flush()
  connection.send('e')
  t.deepEqual(socket.writes, [['a'], ['b', 'c', 'd'], ['e']])
  connection.sendAudio('f')
  connection.close(1000, 'done')
  t.deepEqual(socket.writes.at(-1), ['f'], 'before the goodbye')
})

test('a far end that has said goodbye is sent nothing', (t) => {
  const { socket, connection } = connect()
  socket.readyState = 2
  connection.trySend('a')
  connection.send('b')
  connection.sendAudio('c')
  connection.flush()
  t.deepEqual(socket.sent, [])
})

test('what a protocol throws is logged, and closes the socket with code 1011', (t) => {
  const { socket, got, told } = connect({
    onText: () => {
      throw new Error('oops')
    },
  })
  socket.receive('a')
  t.deepEqual(socket.closes, [[1011, 'internal_error']])
  t.deepEqual([got, told], [['close'], ['Error: oops', 'gone']])
})

test('a thousand messages a second are taken for long, after five seconds at once', (t) => {
  const { socket, got, time } = connect()
  socket.receive('x', 5000)
  for (let second = 0; second < 60; second++) {
    time.ms += 1000
    socket.receive('x', 1000)
  }
  t.is(got.length, 65_000)
  t.deepEqual(socket.closes, [])
  socket.receive('x', 10_000)
  t.deepEqual(socket.closes, [[1008, 'too_many_messages']])
  t.is(got.length, 65_001, 'nothing more than `close` arrives')
})

test('a mebibyte a second is taken for long, and pings and pongs count too', (t) => {
  const bytes = connect()
  const message = Buffer.alloc(65_536)
  for (let second = 0; second < 60; second++) {
    bytes.time.ms += 1000
    bytes.socket.receive(message, 16)
  }
  t.is(bytes.got.length, 960)
  bytes.socket.receive(message, 81)
  t.deepEqual(bytes.socket.closes, [[1008, 'too_many_messages']])
  for (const kind of ['ping', 'pong']) {
    const { socket } = connect()
    for (let i = 0; i <= 5000; i++) socket.emit(kind, Buffer.alloc(0))
    t.deepEqual(socket.closes, [[1008, 'too_many_messages']], kind)
  }
})

test('audio for a far end that reads slowly is dropped, and after ten seconds of that it is given up', (t) => {
  const { socket, connection, got, time } = connect()
  t.true(connection.sendAudio('a'))
  socket.bufferedAmount = 131_073
  time.ms = 1000
  t.false(connection.sendAudio('b'))
  time.ms = 11_000
  t.false(connection.sendAudio('c'))
  socket.bufferedAmount = 131_072
  t.true(connection.sendAudio('d'), 'it has read some')
  socket.bufferedAmount = 131_073
  t.false(connection.sendAudio('e'))
  time.ms = 21_000
  t.false(connection.sendAudio('f'))
  t.deepEqual(socket.closes, [])
  time.ms = 21_001
  t.false(connection.sendAudio('g'))
  t.deepEqual(socket.closes, [[1008, 'too_slow']])
  t.deepEqual([socket.sent, got], [['a', 'd'], ['close']])
})

test('messages for a far end that reads slowly are refused beyond 1 MiB', (t) => {
  const { socket, connection } = connect()
  socket.bufferedAmount = 1_048_576
  connection.send('a')
  connection.trySend('b')
  socket.bufferedAmount++
  t.throws(() => connection.send('c'), { instanceOf: ChannelFullError })
  connection.trySend('d')
  t.deepEqual(socket.sent, ['a', 'b'])
})

test('a far end that is quiet is asked whether it lives, and given up when it does not answer', (t) => {
  const { socket, connection, got, time } = connect()
  const check = (ms: number): number => {
    time.ms = ms
    connection.checkLife()
    return socket.pings
  }
  t.is(check(8000), 0)
  t.is(check(8001), 1)
  socket.emit('pong', Buffer.alloc(0))
  t.is(check(16_001), 1, 'it has answered')
  socket.receive('x')
  t.is(check(40_000), 2)
  t.false(socket.terminated)
  check(41_002)
  t.true(socket.terminated)
  t.deepEqual(got, ['x', 'close'])
})
