import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import test from 'ava'
import {
  AdditionalOutputs,
  AsyncStreamHandler,
  CloseStream,
  type EmitType,
  getCurrentContext,
  type Session,
  Stream,
  StreamHandler,
  warning,
} from '../../src/index.ts'
import { until } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'
import { encodeMulaw } from '../helpers/mulaw.ts'
import { random } from '../helpers/random.ts'
import { SELF_SIGNED } from '../helpers/self-signed.ts'
import { serve } from '../helpers/serve.ts'
import { share, sine, SocketClient, speak } from '../helpers/socket-client.ts'
import { tone } from '../helpers/tone.ts'

/** Says back what it hears, at rates of its own. */
class RatedEcho extends Echo {
  constructor() {
    super({ inputSampleRate: 16_000, outputSampleRate: 24_000 })
  }

  override copy(): RatedEcho {
    return new RatedEcho()
  }
}

/** Does what a test tells it to, the first time that it hears something. */
class Acts extends StreamHandler {
  static ended = 0
  static heard = 0
  readonly #act: (handler: Acts) => EmitType
  #pending: EmitType = null

  constructor(act: (handler: Acts) => EmitType) {
    super()
    this.#act = act
  }

  override receive(): void {
    Acts.heard++
  }

  override emit(): EmitType {
    const { heard } = Acts
    if (heard > 0 && this.#pending === null) return (this.#pending = this.#act(this))
    return null
  }

  override shutdown(): void {
    Acts.ended++
  }

  override copy(): Acts {
    return new Acts(this.#act)
  }
}

/** What an old page sends for 20 ms of a tone at a rate. */
function chunk(sampleRate = 48_000): Uint8Array {
  return encodeMulaw(sine(440, sampleRate, 0.02))
}

test('an old page hears its own voice, at the rates of the handler, and sees nothing new', async (t) => {
  const { stream, url } = await serve(t, { handler: new RatedEcho() })
  const client = await SocketClient.start(url, 'a')
  await speak(sine(440, 16_000, 2), 16_000, (part) => client.media(encodeMulaw(part)))
  await client.until(() => client.heard().length >= 24_000 * 1.8)
  t.true(share(client.heard(), 24_000, 440) > 0.95, `${share(client.heard(), 24_000, 440)}`)
  t.deepEqual(new Set(client.order), new Set(['media']))
  t.like(stream.sessions.get('a'), { transport: 'websocket', state: 'connected', remoteAddress: '127.0.0.1' })
  client.send({ event: 'stop' })
  t.deepEqual(await client.closed, { code: 1000, reason: 'stop' })
  t.is(stream.sessions.size, 0)
})

test('chunks of any length are taken', async (t) => {
  const { url } = await serve(t, { handler: new RatedEcho() })
  const client = await SocketClient.start(url, 'a')
  const voice = encodeMulaw(sine(440, 16_000, 2))
  let pings = 0
  for (let at = 0, size = 1; at < voice.length; at += size, size = (size * 7) % 2999) {
    client.media(voice.subarray(at, at + size))
    // The server has taken all before it answers.
    client.send({ event: 'ping' })
    pings++
    await client.until(() => client.texts.filter(({ event }) => event === 'pong').length === pings)
  }
  await client.until(() => client.heard().length >= 24_000 * 1.5)
  t.true(share(client.heard(), 24_000, 440) > 0.9)
  client.socket.terminate()
})

test('a client that says what it can do gets PCM in binary messages, at its own rate', async (t) => {
  const { url } = await serve(t, { handler: new RatedEcho() })
  const terms = { encoding: 'pcm_s16le', sampleRate: 44_100, binary: true }
  const client = await SocketClient.start(url, 'a', terms)
  const started = { event: 'started', websocket_id: 'a', encoding: 'pcm_s16le', binary: true }
  t.deepEqual(await client.next('started'), { ...started, inputSampleRate: 44_100, outputSampleRate: 44_100 })
  t.is(client.order[0], 'started', 'before everything else')
  await speak(sine(440, 44_100, 2), 44_100, (part) => client.socket.send(new Uint8Array(part.buffer)))
  await client.until(() => Buffer.concat(client.chunks).length >= 44_100 * 1.8 * 2)
  const bytes = Buffer.concat(client.chunks)
  const heard = Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2))
  t.true(share(heard, 44_100, 440) > 0.95)
  t.true(
    client.chunks.every(({ length }) => length === 882 * 2),
    'each has 20 ms',
  )
  client.socket.terminate()
})

test('Opus goes both ways, a packet a message', async (t) => {
  const { url } = await serve(t, { handler: new RatedEcho() })
  const client = await SocketClient.start(url, 'a', { encoding: 'opus', binary: true })
  t.like(await client.next('started'), { encoding: 'opus', inputSampleRate: 48_000, outputSampleRate: 48_000 })
  // A CELT packet of 20 ms that holds silence (RFC 6716, section 3.1).
  const silence = Buffer.from('f8fffe', 'hex')
  const sender = setInterval(() => client.socket.send(silence), 20)
  t.teardown(() => clearInterval(sender))
  await client.until(() => client.chunks.length >= 10)
  t.true(client.chunks.every(({ length }) => length > 0 && length < 400))
  client.socket.terminate()
})

test('ping works before and after start, and audio before start is dropped and answered once', async (t) => {
  const { url, stream } = await serve(t)
  const client = await SocketClient.open(url)
  client.send({ event: 'ping' })
  await client.next('pong')
  for (let i = 0; i < 3; i++) client.media(chunk())
  client.send({ event: 'something', new: true })
  const problem = 'Audio before the start message is dropped'
  t.deepEqual(await client.next('error'), { type: 'error', message: problem, data: problem })
  client.send({ event: 'start', websocket_id: 'a' })
  client.send({ event: 'ping' })
  await client.until(() => client.order.filter((kind) => kind === 'pong').length === 2)
  t.deepEqual(client.order, ['pong', 'error', 'pong'])
  t.is(stream.sessions.size, 1)
  client.socket.terminate()
})

test('a second start, base64 that is none and messages that are none are each answered once', async (t) => {
  const { url, stream } = await serve(t)
  const client = await SocketClient.start(url, 'a')
  for (let i = 0; i < 2; i++) {
    client.send({ event: 'start', websocket_id: 'b' })
    client.send({ event: 'media', media: { payload: 'ä!' } })
    client.send('no JSON')
    client.socket.send(Buffer.of(1, 2, 3))
  }
  client.send({ event: 'ping' })
  await client.next('pong')
  t.deepEqual(client.order, ['error', 'error', 'error', 'error', 'pong'])
  t.deepEqual([...stream.sessions.keys()], ['a'])
  client.socket.terminate()
})

test('a start that can not be used, or comes too late for a place, is refused with a code', async (t) => {
  const { url } = await serve(t)
  const bad = await SocketClient.start(url, '')
  t.like(await bad.next('failed'), { meta: { error: 'invalid_request' } })
  t.deepEqual(await bad.closed, { code: 1008, reason: 'invalid_request' })
  const first = await SocketClient.start(url, 'a')
  first.send({ event: 'ping' })
  await first.next('pong')
  const same = await SocketClient.start(url, 'a')
  t.deepEqual(await same.next('failed'), { status: 'failed', meta: { error: 'connection_already_exists' } })
  t.deepEqual(await same.closed, { code: 1008, reason: 'connection_already_exists' })
  const more = await SocketClient.start(url, 'b')
  t.deepEqual(await more.next('failed'), { status: 'failed', meta: { error: 'concurrency_limit_reached', limit: 1 } })
  t.deepEqual(await more.closed, { code: 1013, reason: 'concurrency_limit_reached' })
  first.socket.terminate()
})

test('of starts that race for one place exactly one wins', async (t) => {
  const { url, stream } = await serve(t)
  const clients = await Promise.all(Array.from({ length: 8 }, () => SocketClient.open(url)))
  for (const [i, client] of clients.entries()) client.send({ event: 'start', websocket_id: i < 4 ? 'same' : `${i}` })
  for (const client of clients) client.send({ event: 'ping' })
  await Promise.all(clients.map((client) => Promise.race([client.next('failed'), client.next('pong')])))
  t.is(clients.filter((client) => client.order.includes('failed')).length, 7)
  t.is(stream.sessions.size, 1)
  for (const client of clients) client.socket.terminate()
})

test.serial('after an abrupt end the session is gone, shutdown() was called once, and its place is free', async (t) => {
  Acts.ended = 0
  const { url, stream } = await serve(t, { handler: new Acts(() => null) })
  for (let i = 0; i < 30; i++) {
    const client = await SocketClient.start(url, 'again')
    client.send({ event: 'ping' })
    await client.next('pong')
    if (i % 3 === 0) client.send({ event: 'stop' })
    else if (i % 3 === 1) client.socket.close()
    else client.socket.terminate()
    await until(() => stream.sessions.size === 0)
  }
  await until(() => Acts.ended === 30)
  t.is(Acts.ended, 30)
})

const onLinux = process.platform === 'linux' ? test.serial : test.serial.skip
onLinux('sockets that have ended, in whatever way, leave no descriptor behind', async (t) => {
  Acts.heard = 0
  const { url, stream } = await serve(t, { handler: new Acts(() => null), concurrencyLimit: 100 })
  const count = (): number => readdirSync('/proc/self/fd').length
  const ends: ((client: SocketClient, id: string) => void)[] = [
    (client) => client.socket.terminate(),
    (client) => client.socket.close(),
    (client) => client.send({ event: 'stop' }),
    (_, id) => stream.sessions.get(id)?.close(),
  ]
  const round = async (): Promise<void> => {
    const clients = await Promise.all(Array.from({ length: 40 }, (_, i) => SocketClient.start(url, `${i}`)))
    for (const client of clients) client.send({ event: 'ping' })
    await Promise.all(clients.map((client) => client.next('pong')))
    for (const [i, client] of clients.entries()) ends[i % 4]?.(client, `${i}`)
    await Promise.all(clients.map(({ closed }) => closed))
    await until(() => stream.sessions.size === 0)
  }
  await round()
  const before = count()
  for (let again = 0; again < 5; again++) await round()
  // Those of other tests in this process come and go; 200 sockets would be seen.
  await until(() => count() < before + 20)
  t.pass()
})

test.serial('audio before a CloseStream is heard in full, then the reason is told and the socket closed', async (t) => {
  Acts.heard = 0
  const speech: EmitType = [[24_000, sine(440, 24_000, 1)], new CloseStream('bye')]
  const { url } = await serve(t, { handler: new Acts(() => speech) })
  const client = await SocketClient.start(url, 'a')
  client.media(chunk())
  t.deepEqual(await client.closed, { code: 1000, reason: 'close_stream' })
  t.true(client.heard().length >= 24_000 && client.heard().length < 24_000 * 1.2, `${client.heard().length}`)
  t.deepEqual(client.order.slice(-1), ['end_stream'])
  t.deepEqual(client.texts, [{ type: 'end_stream', data: 'bye' }])
  t.true(client.chunks.length < 25, `${client.chunks.length} messages: longer ones while more audio waits`)
})

test.serial('everything that a server says over WebRTC it says here too', async (t) => {
  Acts.heard = 0
  const contexts: unknown[] = []
  const act = (handler: Acts): EmitType => {
    contexts.push(getCurrentContext())
    warning('careful')
    handler.sendMessageSync('own words')
    return new AdditionalOutputs('out')
  }
  const { url, stream } = await serve(t, { handler: new Acts(act), timeLimit: 3 })
  const client = await SocketClient.open(url)
  client.socket.on('message', () => undefined)
  const session = once(stream, 'session:connected') as Promise<[Session]>
  client.send({ event: 'start', websocket_id: 'a' })
  await session
  client.socket.removeAllListeners('message')
  const texts: string[] = []
  client.socket.on('message', (data: Buffer) => void texts.push(data.toString()))
  client.media(chunk())
  t.deepEqual((await stream.fetchLatestOutput('a')).args, ['out'])
  stream.updateConnection('a', 'closed')
  t.deepEqual(await client.closed, { code: 1000, reason: 'time_limit' })
  t.deepEqual(
    texts.filter((text) => !text.includes('"media"')),
    [
      '{"type":"warning","message":"careful","data":"careful"}',
      'own words',
      '{"type":"fetch_output","data":[]}',
      '{"type":"update_connection","data":"closed"}',
      '{"type":"end_stream","data":"The time limit of 3 seconds is over"}',
    ],
  )
  t.like(contexts[0], { webrtcId: 'a' })
  t.true('websocket' in (contexts[0] as object))
})

test.serial('an error of the handler is told, and closes the socket with code 1011', async (t) => {
  Acts.heard = 0
  const fail = (): never => {
    throw new Error('oops')
  }
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const { url } = await serve(t, { handler: new Acts(fail), logger })
  const client = await SocketClient.start(url, 'a')
  client.media(chunk())
  t.deepEqual(await client.closed, { code: 1011, reason: 'error' })
  t.deepEqual(client.texts, [{ type: 'error', message: 'oops', data: 'oops' }])
})

test('a client that negotiated is told to drop what the handler cleared, and may talk to the session', async (t) => {
  const { url, stream } = await serve(t, { handler: tone(), modality: 'audio', mode: 'receive' })
  const session = once(stream, 'session') as Promise<[Session]>
  const client = await SocketClient.start(url, 'a', { sampleRate: 8000 })
  const [{ id }] = await session
  const said = once(stream.sessions.get(id) as Session, 'message')
  await client.until(() => client.chunks.length >= 5)
  stream.sessions.get(id)?.clearQueue()
  await client.next('clear')
  client.send({ event: 'played', payloads: 3 })
  client.send({ event: 'message', data: 'hello' })
  t.deepEqual(await said, ['hello'])
  t.deepEqual(await client.next('log'), { type: 'log', data: 'Server received: hello' })
  client.socket.terminate()
})

test('a stream that closes tells its clients, those too that have not begun', async (t) => {
  const { url, stream } = await serve(t)
  const [started, waiting] = [await SocketClient.start(url, 'a'), await SocketClient.open(url)]
  started.send({ event: 'ping' })
  await started.next('pong')
  await stream.close()
  t.is((await started.closed).code, 1001)
  t.is((await waiting.closed).code, 1001)
})

test('over TLS in this process, where JavaScript carries the bytes, a page hears its own voice too', async (t) => {
  const stream = new Stream({ handler: new RatedEcho() })
  const server = createServer(SELF_SIGNED)
  server.on('upgrade', (request, socket, head) => stream.handleUpgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    await stream.close()
    server.close()
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const client = await SocketClient.start(url, 'a', { sampleRate: 16_000 })
  await client.next('started')
  await speak(sine(440, 16_000, 2), 16_000, (part) => client.media(encodeMulaw(part)))
  await client.until(() => client.heard().length >= 16_000 * 1.8)
  t.true(share(client.heard(), 16_000, 440) > 0.95)
  stream.sessions.get('a')?.clearQueue()
  await client.next('clear')
  stream.sessions.get('a')?.close()
  t.deepEqual(await client.closed, { code: 1000, reason: '' })
  t.is(stream.sessions.size, 0)
})

test('a handler may use its socket: it gets what is no audio, sends, and closes with a code of its own', async (t) => {
  const seen: unknown[] = []
  class Uses extends AsyncStreamHandler {
    override async startUp(): Promise<void> {
      const { websocket } = getCurrentContext()
      websocket?.on('message', (data) => {
        seen.push(typeof data === 'string' ? data : [...data])
        if (typeof data === 'string') websocket.send(`heard ${data}`)
        else websocket.close(4000, 'enough')
      })
      websocket?.on('close', (...why) => seen.push(why, websocket.readyState))
      websocket?.send(Buffer.of(1, 2, 3))
    }
    override async receive(): Promise<void> {}
    override async emit(): Promise<EmitType> {
      return null
    }
    override copy(): Uses {
      return new Uses()
    }
  }
  const { url, stream } = await serve(t, { handler: new Uses() })
  const client = await SocketClient.open(url)
  client.socket.removeAllListeners('message')
  const got: string[] = []
  client.socket.on('message', (data: Buffer, isBinary) => void got.push(isBinary ? [...data].join() : data.toString()))
  client.send({ event: 'start', websocket_id: 'a' })
  await once(client.socket, 'message')
  client.media(chunk())
  client.send('{"event":"mine"}')
  await once(client.socket, 'message')
  client.socket.send(Buffer.of(7))
  t.deepEqual(await client.closed, { code: 4000, reason: 'enough' })
  t.deepEqual(got, ['1,2,3', 'heard {"event":"mine"}'])
  t.deepEqual(seen, ['{"event":"mine"}', [7], [4000, 'enough'], 3])
  t.is(stream.sessions.size, 0)
})

test('a page of another site, or by another name, gets no socket', async (t) => {
  const { url } = await serve(t, { allowedOrigins: ['https://friend.example'] })
  t.regex(await SocketClient.attempt(url, { origin: 'https://evil.example' }), /403/)
  t.regex(await SocketClient.attempt(url, { origin: 'null' }), /403/)
  t.regex(await SocketClient.attempt(url, { 'sec-fetch-site': 'cross-site' }), /403/)
  t.regex(await SocketClient.attempt(url, { host: 'rebound.example' }), /403/)
  t.is(await SocketClient.attempt(url, { origin: 'https://friend.example' }), 'open')
  t.is(await SocketClient.attempt(url, { origin: new URL(url).origin }), 'open')
  t.is(await SocketClient.attempt(url, {}), 'open')
})

test.serial('ten thousand random messages reach no handler and leave nothing behind', async (t) => {
  Acts.heard = 0
  const { url, stream } = await serve(t, { handler: new Acts(() => null) })
  const next = random(7)
  const kinds = ['start', 'media', 'stop ', '', null, {}]
  let closes = 0
  for (let sent = 0; sent < 10_000;) {
    const client = await SocketClient.open(url)
    for (let i = 0; i < 500; i++, sent++) {
      const bytes = Buffer.from(Array.from({ length: 1 + (sent % 97) }, () => Math.floor(next() * 256)))
      const event = kinds[(bytes[0] as number) % kinds.length]
      if (sent % 3 === 0) client.socket.send(bytes)
      else if (sent % 3 === 1) client.send(bytes.toString('latin1'))
      else client.send({ event, websocket_id: bytes[1], media: { payload: bytes.toString('latin1') } })
    }
    const { code } = await client.closed
    t.is(code, 1008)
    closes++
  }
  t.is(closes, 20)
  t.deepEqual([stream.sessions.size, Acts.heard], [0, 0])
})

test('messages that are too long close the socket with code 1009, and broken frames with 1002 or 1007', async (t) => {
  const { url, stream } = await serve(t)
  const long = await SocketClient.start(url, 'a')
  long.send(' '.repeat(65_537))
  t.is((await long.closed).code, 1009)
  const broken = await SocketClient.start(url, 'a')
  const raw = Reflect.get(broken.socket, '_socket') as Duplex
  raw.write(Buffer.of(0xf1, 0x80, 0, 0, 0, 0))
  t.is((await broken.closed).code, 1002)
  const text = await SocketClient.start(url, 'a')
  text.socket.send(Buffer.of(0xff, 0xfe), { binary: false })
  t.is((await text.closed).code, 1007)
  t.is(stream.sessions.size, 0)
})
