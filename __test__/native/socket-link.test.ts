import test, { type ExecutionContext } from 'ava'
import { ChannelClosedError, SessionClosedError } from '../../src/index.ts'
import { Host } from '../../src/native/host.ts'
import type { LinkEvent } from '../../src/native/media-link.ts'
import type { SocketLink, WireSettings } from '../../src/native/socket-link.ts'
import { engineSettings, linkSettings } from '../../src/stream/link-settings.ts'
import { resolveOptions } from '../../src/stream/resolve-options.ts'
import { Echo } from '../helpers/echo.ts'

const handler = new Echo()
const settings = resolveOptions({ handler, media: { bindAddress: '127.0.0.1', workers: 1 } })
const PHONE: WireSettings = { encoding: 'mulaw', inputSampleRate: 8000, outputSampleRate: 8000, leadMs: 60 }

/** A session and what its socket would have sent. */
class Far {
  readonly events: LinkEvent[] = []
  readonly sent: (Uint8Array | 'clear')[] = []
  frames = 0
  readonly link: SocketLink
  readonly #frame = new Int16Array(4096)
  #told: () => void = () => undefined

  constructor(t: ExecutionContext, link: SocketLink) {
    this.link = link
    // The engine's wake-ups keep no process alive; a test that waits for one does.
    const alive = setInterval(() => undefined, 1000)
    t.teardown(() => {
      clearInterval(alive)
      link.close(false)
    })
    link.listen({
      onAudio: () => this.#hear(),
      onRoom: () => undefined,
      onPayload: () => this.#send(),
      onEvent: (event) => {
        this.events.push(event)
        this.#told()
      },
    })
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => (this.#told = resolve))
  }

  happened(kind: LinkEvent['kind']): boolean {
    return this.events.some((event) => event.kind === kind)
  }

  #hear(): void {
    while (this.link.readAudio(this.#frame) > 0) this.frames += 1
    this.#told()
  }

  #send(): void {
    for (let payload = this.link.readPayload(); payload !== undefined; payload = this.link.readPayload()) {
      // Its memory is used again.
      this.sent.push(payload === 'clear' ? payload : new Uint8Array(payload))
    }
    this.#told()
  }
}

async function open(t: ExecutionContext, wire: Partial<WireSettings> = {}): Promise<Far> {
  const host = await Host.open()
  const engine = engineSettings(settings, { stunServers: [], turnServers: [] })
  return new Far(t, host.open(engine, linkSettings(settings, handler), { ...PHONE, ...wire }))
}

test('a socket is connected at once, without an answer', async (t) => {
  const far = await open(t)
  await far.until(() => far.happened('connected'))
  t.deepEqual(far.events, [{ kind: 'connected' }])
})

test('what the far end sends becomes frames', async (t) => {
  const far = await open(t)
  for (let n = 0; n < 10; n++) far.link.receive(new Uint8Array(160).fill(0x80))
  await far.until(() => far.frames >= 10)
  t.like(far.link.stats(), { codec: 'pcmu', undecodable: 0 })
})

for (const [encoding, bytes, codec] of [
  ['mulaw', 160, 'pcmu'],
  ['pcm_s16le', 320, 'pcm'],
  ['opus', undefined, 'opus'],
] as const) {
  test(`what is written becomes payloads of 20 ms: ${encoding}`, async (t) => {
    const far = await open(t, { encoding })
    far.link.writeAudio(new Int16Array(4800), 24_000, 1)
    await far.until(() => far.sent.length >= 10)
    const lengths = far.sent.slice(0, 10).map((payload) => payload.length)
    if (bytes === undefined) t.true(lengths.every((length) => length > 2 && length < 400))
    else
      t.deepEqual(
        lengths,
        Array.from({ length: 10 }, () => bytes),
      )
    far.link.close(true)
    await far.until(() => far.happened('closed'))
    t.like(far.link.stats(), { codec, packetsOut: far.sent.length })
  })
}

test('clearing the queue calls back what was sent, after it and before what follows', async (t) => {
  const far = await open(t)
  far.link.writeAudio(new Int16Array(240_000), 24_000, 1)
  await far.until(() => far.sent.length >= 4)
  far.link.clearQueue()
  far.link.writeAudio(new Int16Array(480).fill(9000), 24_000, 1)
  await far.until(() => far.sent.includes('clear') && far.sent.at(-1) !== 'clear')
  const [before, after] = [far.sent.slice(0, far.sent.indexOf('clear')), far.sent.slice(far.sent.indexOf('clear') + 1)]
  t.true(before.length >= 4 && !after.includes('clear'))
  t.true(after.some((payload) => payload instanceof Uint8Array && payload.some((byte) => byte !== 0xff)))
})

test('the far end tells what was played', async (t) => {
  const far = await open(t, { leadMs: 500 })
  far.link.writeAudio(new Int16Array(24_000), 24_000, 1)
  far.link.mark(7, undefined)
  far.link.acknowledge(0)
  await far.until(() => far.sent.length >= 50)
  t.false(far.happened('played'))
  far.link.acknowledge(60)
  await far.until(() => far.happened('played'))
  t.like(far.events.at(-1), { kind: 'played', mark: 7, playedMs: 1000, lengthMs: 1000 })
})

test('payloads that no message holds are counted and do no harm', async (t) => {
  const far = await open(t, { encoding: 'opus', inputSampleRate: 48_000, outputSampleRate: 48_000 })
  far.link.receive(new Uint8Array(0))
  far.link.receive(new Uint8Array(65_537))
  far.link.receive(new Uint8Array([0xff, 0xff, 0xff]))
  far.link.close(true)
  await far.until(() => far.happened('closed'))
  t.like(far.link.stats(), { refused: 2, undecodable: 1 })
  far.link.receive(new Uint8Array(160))
  t.is(far.link.readPayload(), undefined)
  t.throws(() => far.link.writeAudio(new Int16Array(480), 24_000, 1), { instanceOf: SessionClosedError })
})

test('messages go over the socket itself', async (t) => {
  const far = await open(t)
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
    await t.throwsAsync(open(t, wrong), { instanceOf: RangeError, message })
  })
}
