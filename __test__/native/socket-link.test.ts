import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { WebSocket } from 'ws'
import { ChannelClosedError, SessionClosedError } from '../../src/index.ts'
import { Host } from '../../src/native/host.ts'
import type { LinkEvent } from '../../src/native/media-link.ts'
import type { MediaSocket } from '../../src/native/media-socket.ts'
import type { SocketLink, WireProtocol, WireSettings } from '../../src/native/socket-link.ts'
import { answerHandshake } from '../../src/server/handshake.ts'
import { engineSettings, linkSettings } from '../../src/stream/link-settings.ts'
import { resolveOptions } from '../../src/stream/resolve-options.ts'
import { Echo } from '../helpers/echo.ts'

const handler = new Echo()
const settings = resolveOptions({ handler, media: { bindAddress: '127.0.0.1', workers: 1 } })
const engine = engineSettings(settings, { stunServers: [], turnServers: [] })
const PHONE: WireSettings = { encoding: 'mulaw', inputSampleRate: 8000, outputSampleRate: 8000, leadMs: 60 }
const CLEAR = 'drop it'
const PROTOCOL: WireProtocol = {
  binaryMedia: true,
  sends: { binary: true, mediaHead: '', mediaTail: '', clear: CLEAR, joined: 1 },
}

/** A socket of the engine, what it told, and its far end. */
class Far {
  readonly events: LinkEvent[] = []
  /** What the far end got: audio, or texts. */
  readonly sent: (Uint8Array | string)[] = []
  /** What the socket told. */
  readonly told: unknown[] = []
  frames = 0
  readonly socket: MediaSocket
  readonly client: WebSocket
  readonly #frame = new Int16Array(4096)
  #told: () => void = () => undefined
  #link: SocketLink | undefined

  constructor(t: ExecutionContext, socket: MediaSocket, client: WebSocket) {
    this.socket = socket
    this.client = client
    t.teardown(() => client.terminate())
    client.on('message', (data: Buffer, isBinary) => {
      this.sent.push(isBinary ? new Uint8Array(data) : data.toString())
      this.#told()
    })
    const tell = (...what: unknown[]): void => {
      this.told.push(what)
      this.#told()
    }
    socket.listen({
      onText: (text) => tell('text', text),
      onBinary: (data) => tell('binary', ...data),
      onClosed: (code, reason) => tell('closed', code, reason),
      onGone: () => tell('gone'),
    })
  }

  get link(): SocketLink {
    if (this.#link === undefined) throw new Error('no session has begun')
    return this.#link
  }

  begin(link: SocketLink): this {
    this.#link = link
    link.listen({
      onAudio: () => this.#hear(),
      onRoom: () => undefined,
      onEvent: (event) => {
        this.events.push(event)
        this.#told()
      },
    })
    return this
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => (this.#told = resolve))
  }

  happened(kind: LinkEvent['kind']): boolean {
    return this.events.some((event) => event.kind === kind)
  }

  audio(): Uint8Array[] {
    return this.sent.filter((each) => typeof each !== 'string')
  }

  #hear(): void {
    while (this.link.readAudio(this.#frame) > 0) this.frames += 1
    this.#told()
  }
}

/** Connects over this machine's network, and hands the connection to the engine in either way. */
async function connect(t: ExecutionContext, isCarried: boolean): Promise<Far> {
  const host = await Host.open()
  const server = createServer()
  t.teardown(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const upgrade = once(server, 'upgrade') as Promise<[IncomingMessage, Duplex, Buffer]>
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  client.on('error', () => undefined)
  const [request, stream, head] = await upgrade
  await new Promise((resolve) => stream.write(answerHandshake(request), resolve))
  const far = new Far(t, host.acceptSocket(engine, { stream, head, isCarried }), client)
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open')
  t.is(far.socket.isCarried, isCarried)
  return far
}

async function open(
  t: ExecutionContext,
  isCarried: boolean,
  wire: Partial<WireSettings> = {},
  protocol: WireProtocol = PROTOCOL,
): Promise<Far> {
  const far = await connect(t, isCarried)
  const host = await Host.open()
  far.begin(host.openSocket(linkSettings(settings, handler), { ...PHONE, ...wire }, far.socket, protocol))
  // Messages come to JavaScript from then on.
  await far.until(() => far.happened('connected'))
  return far
}

const WAYS = process.platform === 'win32' ? [true] : [false, true]
for (const isCarried of WAYS) {
  const way = isCarried ? 'carried by JavaScript' : 'by its descriptor'

  test(`a socket ${way} is connected at once, without an answer`, async (t) => {
    const far = await open(t, isCarried)
    t.deepEqual(far.events, [{ kind: 'connected' }])
  })

  test(`messages of any length go both ways before a session, in order: ${way}`, async (t) => {
    const far = await connect(t, isCarried)
    const texts = ['', 'a', 'ä'.repeat(100), 'x'.repeat(65_536)]
    for (const text of texts) far.client.send(text)
    far.client.send(Buffer.of(1, 2, 3))
    await far.until(() => far.told.length === 5)
    t.deepEqual(far.told, [...texts.map((text) => ['text', text]), ['binary', 1, 2, 3]])
    for (const text of texts) far.socket.send(text)
    far.socket.sendBinary(Buffer.of(4, 5))
    await far.until(() => far.sent.length === 5)
    t.deepEqual(far.sent, [...texts, Uint8Array.of(4, 5)])
  })

  test(`what comes while a session is about to begin is heard by it, and the rest told behind: ${way}`, async (t) => {
    const far = await connect(t, isCarried)
    far.client.send('start')
    await far.until(() => far.told.length === 1)
    far.socket.hold()
    for (let n = 0; n < 5; n++) far.client.send(new Uint8Array(160).fill(0x80))
    far.client.send('more')
    // What was sent before a ping is there before its answer.
    far.client.ping()
    await once(far.client, 'pong')
    t.deepEqual(far.told, [['text', 'start']])
    far.begin((await Host.open()).openSocket(linkSettings(settings, handler), PHONE, far.socket, PROTOCOL))
    for (let n = 0; n < 5; n++) far.client.send(new Uint8Array(160).fill(0x80))
    await far.until(() => far.frames >= 10 && far.told.length === 2)
    t.deepEqual(far.told, [
      ['text', 'start'],
      ['text', 'more'],
    ])
  })

  test(`both ends close, and are told: ${way}`, async (t) => {
    const far = await connect(t, isCarried)
    const closed = once(far.client, 'close')
    far.socket.send('last words')
    far.socket.close(4000, 'enough')
    t.deepEqual((await closed).map(String), ['4000', 'enough'])
    await far.until(() => far.told.length === 2)
    t.deepEqual([far.told, far.sent], [[['closed', 4000, 'enough'], ['gone']], ['last words']])
    t.throws(() => far.socket.send('late'), { instanceOf: ChannelClosedError })
    t.false(far.socket.trySend('late'))
    const other = await connect(t, isCarried)
    other.client.close(4001, 'bye')
    await other.until(() => other.told.length === 2)
    t.deepEqual(other.told, [['closed', 4001, 'bye'], ['gone']])
    const lost = await connect(t, isCarried)
    lost.client.terminate()
    await lost.until(() => lost.told.length === 2)
    t.deepEqual(lost.told, [['closed', 1006, ''], ['gone']])
  })

  test(`what the far end sends becomes frames: ${way}`, async (t) => {
    const far = await open(t, isCarried)
    for (let n = 0; n < 10; n++) far.client.send(new Uint8Array(160).fill(0x80))
    await far.until(() => far.frames >= 10)
    t.like(far.link.stats(), { codec: 'pcmu', undecodable: 0 })
  })

  for (const [encoding, bytes, codec] of [
    ['mulaw', 160, 'pcmu'],
    ['pcm_s16le', 320, 'pcm'],
    ['opus', undefined, 'opus'],
  ] as const) {
    test(`what is written becomes messages of 20 ms: ${encoding}, ${way}`, async (t) => {
      const far = await open(t, isCarried, { encoding })
      far.link.writeAudio(new Int16Array(4800), 24_000, 1)
      await far.until(() => far.sent.length >= 10)
      const lengths = far.audio().map((payload) => payload.length)
      if (bytes === undefined) t.true(lengths.every((length) => length > 2 && length < 400))
      else t.deepEqual(new Set(lengths), new Set([bytes]))
      far.link.close(true)
      await far.until(() => far.happened('closed'))
      const { packetsOut } = far.link.stats()
      await far.until(() => far.sent.length === packetsOut)
      t.is(far.link.stats().codec, codec)
    })
  }

  test(`clearing the queue calls back what was sent, after it and before what follows: ${way}`, async (t) => {
    const far = await open(t, isCarried)
    far.link.writeAudio(new Int16Array(240_000), 24_000, 1)
    await far.until(() => far.sent.length >= 4)
    far.link.clearQueue()
    far.link.writeAudio(new Int16Array(480).fill(9000), 24_000, 1)
    await far.until(() => far.sent.includes(CLEAR) && far.sent.at(-1) !== CLEAR)
    const [before, after] = [far.sent.slice(0, far.sent.indexOf(CLEAR)), far.sent.slice(far.sent.indexOf(CLEAR) + 1)]
    t.true(before.length >= 4 && !after.includes(CLEAR))
    await far.until(() => far.sent.slice(before.length).some((each) => isLoud(each)))
  })
}

function isLoud(message: Uint8Array | string): boolean {
  return typeof message !== 'string' && message.some((byte) => byte !== 0xff)
}

test('the far end tells what was played', async (t) => {
  const far = await open(t, false, { leadMs: 500 })
  far.link.writeAudio(new Int16Array(24_000), 24_000, 1)
  far.link.mark(7, undefined)
  far.link.acknowledge(0)
  await far.until(() => far.sent.length >= 50)
  t.false(far.happened('played'))
  far.link.acknowledge(60)
  await far.until(() => far.happened('played'))
  t.like(far.events.at(-1), { kind: 'played', mark: 7, playedMs: 1000, lengthMs: 1000 })
})

test('audio that JavaScript has read itself is heard too, in the order of its numbers', async (t) => {
  const texts = { ...PROTOCOL, binaryMedia: false }
  const far = await open(t, false, {}, texts)
  far.client.send(new Uint8Array(160))
  await far.until(() => far.told.length === 1)
  t.is(far.frames, 0, 'it is no audio here')
  for (const chunk of [1, 3, 2, 4]) far.link.receive(new Uint8Array(160).fill(0x80), chunk)
  // Counters are a tenth of a second old, and silence goes on meanwhile.
  await far.until(() => far.link.stats().packetsIn === 4)
  t.is(far.link.stats().inputDropped, 0)
})

test('payloads that no message holds are counted and do no harm', async (t) => {
  const far = await open(t, false, { encoding: 'opus', inputSampleRate: 48_000, outputSampleRate: 48_000 })
  far.link.receive(new Uint8Array(0))
  far.link.receive(new Uint8Array(65_537))
  far.link.receive(new Uint8Array([0xff, 0xff, 0xff]))
  far.link.close(true)
  await far.until(() => far.happened('closed'))
  t.like(far.link.stats(), { refused: 2, undecodable: 1 })
  far.link.receive(new Uint8Array(160))
  t.throws(() => far.link.writeAudio(new Int16Array(480), 24_000, 1), { instanceOf: SessionClosedError })
})

test('messages go over the socket itself', async (t) => {
  const far = await open(t, false)
  t.throws(() => far.link.sendMessage('hello'), { instanceOf: ChannelClosedError })
})

for (const [wrong, message] of [
  [{ encoding: 'alaw' as 'mulaw' }, /"alaw"; it must be "mulaw"/],
  [{ inputSampleRate: 7 }, /inputSampleRate: sample rate 7 Hz/],
  [{ outputSampleRate: 11_025 }, /11025 Hz can't be on the wire/],
  [{ encoding: 'opus', inputSampleRate: 44_100 }, /Opus has 8, 12, 16, 24 and 48 kHz/],
  [{ leadMs: 501 }, /501 ms is outside 0 to 500 ms/],
] satisfies [Partial<WireSettings>, RegExp][]) {
  test(`a setting that is out of range is refused at once, by name: ${JSON.stringify(wrong)}`, async (t) => {
    await t.throwsAsync(open(t, false, wrong), { instanceOf: RangeError, message })
  })
}
