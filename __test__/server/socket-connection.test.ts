import test from 'ava'
import { SocketConnection, type SocketProtocol } from '../../src/server/socket-connection.ts'
import { MemorySocket } from '../helpers/memory-socket.ts'

/** A connection without a protocol. */
function accept() {
  const socket = new MemorySocket()
  const told: string[] = []
  const connection = new SocketConnection(socket, '192.0.2.1', {
    onStarted: () => void told.push('started'),
    onEnd: () => void told.push('end'),
    onGone: () => void told.push('gone'),
    onError: (error: unknown) => void told.push(String(error)),
  })
  return { socket, told, connection }
}

/** A connection whose protocol keeps what it gets. */
function connect(protocol: Partial<SocketProtocol> = {}) {
  const { socket, told, connection } = accept()
  const got: unknown[] = []
  connection.serve(() => ({
    onText: (text) => void got.push(text),
    onBinary: (data) => void got.push(data.length),
    onClose: () => void got.push('close'),
    ...protocol,
  }))
  return { socket, connection, got, told, far: socket.told }
}

test('messages arrive in order, until the connection ends in whatever way, which is told once', (t) => {
  for (const end of ['close', 'loss', 'own'] as const) {
    const { socket, connection, got, told, far } = connect()
    far.onText('a')
    far.onBinary(Buffer.of(1, 2, 3))
    if (end === 'own') connection.close(1000, 'done')
    else if (end === 'close') far.onClosed(1000, '')
    far.onText('late')
    if (end !== 'loss') t.deepEqual(got, ['a', 3, 'close'], end)
    far.onGone()
    connection.close(1011, 'again')
    t.deepEqual(got.at(-1), 'close', end)
    t.deepEqual(told, ['end', 'gone'], end)
    t.deepEqual(socket.closes, end === 'own' ? [[1000, 'done']] : [], end)
    connection.trySend('x')
    t.deepEqual(socket.sent, [])
  }
})

test('what a protocol throws is logged, and closes the socket with code 1011', (t) => {
  const { socket, got, told, far } = connect({
    onText: () => {
      throw new Error('oops')
    },
  })
  far.onText('a')
  far.onText('b')
  t.deepEqual(socket.closes, [[1011, 'internal_error']])
  t.deepEqual([got, told], [['close'], ['Error: oops', 'end']])
})

test('a protocol that can not begin closes its socket, which is let go of when it has gone', (t) => {
  const { socket, told, connection } = accept()
  connection.serve(() => {
    throw new Error('oops')
  })
  socket.told.onText('late')
  t.deepEqual(socket.closes, [[1011, 'internal_error']])
  socket.told.onGone()
  t.deepEqual(told, ['Error: oops', 'end', 'gone'])
})

test('what a handler sees of a socket tells messages and the end, sends, and closes', (t) => {
  const { socket, connection, got, far } = connect()
  const { websocket } = connection
  const seen: unknown[] = []
  connection.started()
  websocket.on('message', (data) => seen.push(data))
  websocket.on('close', (...why) => seen.push(why, websocket.readyState))
  far.onText('a')
  far.onBinary(Buffer.of(1))
  websocket.send('b')
  websocket.send(Uint8Array.of(2))
  socket.waits = 7
  t.deepEqual([websocket.readyState, websocket.bufferedAmount], [1, 7])
  websocket.close(4000, 'enough')
  websocket.close()
  t.deepEqual(seen, ['a', Buffer.of(1), [4000, 'enough'], 3])
  t.deepEqual(socket.sent, ['b', Uint8Array.of(2)])
  t.deepEqual(socket.closes, [[4000, 'enough']])
  t.deepEqual(got, ['a', 1, 'close'])
})

test('what a handler can not send, or close a socket with, is refused by name', (t) => {
  const { websocket } = connect().connection
  const wrong: [() => void, RegExp][] = [
    [() => websocket.send(5 as never), /must be a string or a Uint8Array, not 5/],
    [() => websocket.send('ä'.repeat(32_769)), /64 KiB|65,?536/],
    [() => websocket.close(1000, 5 as never), /reason must be a string, not 5/],
    [() => websocket.close(1006), /code must be 1000, or an integer from 3000 to 4999, not 1006/],
    [() => websocket.close(1000, 'ä'.repeat(62)), /at most 123 bytes, not 124/],
  ]
  for (const [call, message] of wrong) t.throws(call, { message })
  t.is(websocket.readyState, 1)
})

test('a listener of a handler that throws, or is rejected, ends its own socket, and is logged', async (t) => {
  const fail = (): never => {
    throw new Error('oops')
  }
  const listeners: (() => unknown)[] = [fail, async () => fail()]
  for (const listener of listeners) {
    const { socket, connection, told, far } = connect()
    connection.started()
    connection.websocket.on('message', listener)
    far.onText('a')
    await new Promise((resolve) => void setImmediate(resolve))
    t.deepEqual(told, ['started', 'Error: oops', 'end'])
    t.deepEqual(socket.closes, [[1011, 'internal_error']])
  }
})

test('what comes before a handler listens is kept for its first listener, within bounds', async (t) => {
  const { connection, far } = connect()
  const { websocket } = connection
  const seen: unknown[] = []
  far.onText('before there is a handler')
  connection.started()
  far.onText('a')
  far.onBinary(Buffer.of(1))
  for (let i = 0; i < 100; i++) far.onText('x'.repeat(2000))
  websocket.on('message', (data) => seen.push(data))
  t.deepEqual(seen, [])
  await Promise.resolve()
  far.onText('b')
  t.deepEqual(seen.slice(0, 2), ['a', Buffer.of(1)])
  t.is(seen.at(-1), 'b')
  t.is(seen.length, 2 + 32 + 1)
})

test('what was kept is told before the end is', (t) => {
  const { connection, far } = connect()
  const seen: unknown[] = []
  connection.started()
  far.onText('a')
  connection.websocket.on('message', (data) => seen.push(data))
  connection.websocket.on('close', (code) => seen.push(code))
  far.onClosed(1000, '')
  t.deepEqual(seen, ['a', 1000])
})
