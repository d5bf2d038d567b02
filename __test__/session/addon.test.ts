import { once } from 'node:events'
import test from 'ava'
import {
  AdditionalOutputs,
  type AudioFrame,
  CloseStream,
  type EmitType,
  type Played,
  PlayedMark,
  type Session,
  StreamHandler,
  WebRTCError,
} from '../../src/index.ts'
import { callByAiortc } from '../helpers/aiortc.ts'
import { serve } from '../helpers/serve.ts'

/** Half a second of 440 Hz at 24 kHz. */
const BEEP: AudioFrame = [
  24_000,
  Int16Array.from({ length: 12_000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * 440 * i) / 24_000)),
]

/** Emits what its script says. */
class Scripted extends StreamHandler {
  readonly #script: (call: number, handler: Scripted) => EmitType
  readonly #ended: () => void
  #calls = 0
  constructor(script: (call: number, handler: Scripted) => EmitType, ended: () => void = () => undefined) {
    super()
    this.#script = script
    this.#ended = ended
  }
  override receive(): void {}
  override emit(): EmitType {
    return this.#script(this.#calls++, this)
  }
  override copy(): Scripted {
    return new Scripted(this.#script, this.#ended)
  }
  override shutdown(): void {
    this.#ended()
  }
}

test.serial(
  'audio emitted before CloseStream is heard in full, then the client is told, and the session ends',
  async (t) => {
    let shutdowns = 0
    const script = (n: number): EmitType => (n < 3 ? BEEP : [BEEP, new CloseStream('Goodbye')])
    const { stream, url } = await serve(t, { handler: new Scripted(script, () => shutdowns++) })
    const closed = once(stream, 'session:closed')
    const report = await callByAiortc(url, { seconds: 4, send: false })
    // aiortc's jitter buffer holds the last few packets back until more come.
    t.true(report.frames >= 94 && report.frames <= 103, `${report.frames} frames for 2 s of audio`)
    t.is(report.hertz, 440)
    t.deepEqual(report.messages.at(-1), { type: 'end_stream', data: 'Goodbye' })
    t.is((await closed)[1], 'close_stream')
    t.is(shutdowns, 1)
  },
)

test.serial('what a handler throws is told to the client, and its session ends with one shutdown', async (t) => {
  let shutdowns = 0
  const script = (): EmitType => {
    throw new WebRTCError('Your hour is over')
  }
  const { stream, url } = await serve(t, { handler: new Scripted(script, () => shutdowns++), logger: quiet })
  const [errors, reasons]: [Error[], string[]] = [[], []]
  stream.on('error', (error) => errors.push(error))
  stream.on('session:closed', (_, reason) => reasons.push(reason))
  const report = await callByAiortc(url, { seconds: 1, send: false })
  t.like(report.messages[0], { type: 'error', message: 'Your hour is over', data: 'Your hour is over' })
  t.deepEqual(reasons, ['error'])
  t.deepEqual(
    errors.map(({ message }) => message),
    ['Your hour is over'],
  )
  t.is(shutdowns, 1)
})

test.serial('inputs are asked for and set, and outputs are announced and fetched', async (t) => {
  const script = (n: number, handler: Scripted): EmitType => {
    if (n === 0) void handler.fetchArgs()
    if (!handler.argsSet.isSet) return null
    handler.reset()
    return new AdditionalOutputs(...handler.latestArgs)
  }
  const { stream, url } = await serve(t, { handler: new Scripted(script) })
  const read = once(stream, 'session:connected').then(async ([session]) => {
    const { id } = session as Session
    stream.setInput(id, 'blue')
    return stream.fetchLatestOutput(id)
  })
  const report = await callByAiortc(url, { seconds: 1 })
  t.deepEqual((await read).args, ['__webrtc_value__', 'blue'])
  const types = report.messages.map(({ type }) => type)
  t.deepEqual(types, ['send_input', 'fetch_output'])
})

test.serial('a mark tells when its chunk was heard, and one whose chunk was cleared how much of it was', async (t) => {
  const [first, second] = [new PlayedMark('first'), new PlayedMark('second')]
  const script = (n: number): EmitType => (n === 0 ? [BEEP, first] : n === 1 ? [BEEP, second] : null)
  const { stream, url } = await serve(t, { handler: new Scripted(script) })
  const told: [string, Played][] = []
  const listen = async (): Promise<void> => {
    const [session] = (await once(stream, 'session:connected')) as [Session]
    session.on('played', (mark, played) => told.push([mark.name, played]))
    t.deepEqual(await first.played, { playedMs: 500, lengthMs: 500, complete: true })
    t.true(session.playedMs >= 500 && session.playedMs <= 1000, `${session.playedMs}`)
    session.clearQueue()
    const { playedMs, lengthMs, complete } = await second.played
    t.true(lengthMs === 500 && playedMs < 500 && !complete, `${playedMs} of ${lengthMs}`)
    t.is(session.queuedMs, 0)
    t.is(session.playedMs, 500 + playedMs)
  }
  await Promise.all([listen(), callByAiortc(url, { seconds: 3, send: false })])
  t.deepEqual(
    told.map(([name]) => name),
    ['first', 'second'],
  )
})

test.serial("the client's reports and the encoder's state are among the statistics", async (t) => {
  const script = (n: number): EmitType => (n < 10 ? BEEP : null)
  const options = { handler: new Scripted(script), rtpParams: { maxBitrate: 24_000 } }
  const { stream, url } = await serve(t, options)
  const connected = once(stream, 'session:connected')
  await callByAiortc(url, { seconds: 3 })
  const [session] = (await connected) as [Session]
  const stats = session.stats()
  t.is(stats.bitrate, 24_000)
  t.deepEqual([stats.fractionLostByPeer, stats.expectedLoss, stats.cushionMs], [0, 0, 0])
  t.true(stats.roundTripMs >= 0, `${stats.roundTripMs}`)
})

test.serial('the time limit ends a session that long after it connected', async (t) => {
  const { stream, url } = await serve(t, { timeLimit: 0.5 })
  const closed = once(stream, 'session:closed')
  const report = await callByAiortc(url, { seconds: 2 })
  t.deepEqual(report.messages.at(-1), { type: 'end_stream', data: 'The time limit of 0.5 seconds is over' })
  t.is((await closed)[1], 'time_limit')
})

test.serial('a stereo handler gets interleaved frames at its own rate', async (t) => {
  const frames: AudioFrame[] = []
  class Stereo extends StreamHandler {
    constructor() {
      super({ expectedLayout: 'stereo', inputSampleRate: 16_000 })
    }
    override receive(frame: AudioFrame): void {
      frames.push(frame)
    }
    override emit(): EmitType {
      return null
    }
    override copy(): Stereo {
      return new Stereo()
    }
  }
  const { stream, url } = await serve(t, { handler: new Stereo() })
  const connected = once(stream, 'session:connected')
  await callByAiortc(url, { seconds: 1 })
  t.true(frames.length > 30, `${frames.length} frames`)
  t.true(frames.every(([rate, samples]) => rate === 16_000 && samples.length === 640))
  const [session] = (await connected) as [Session]
  const { packetsIn, codec } = session.stats()
  t.true(packetsIn > 30)
  t.is(codec, 'opus')
  t.regex(session.remoteAddress ?? '', /^[\da-f.:]+$/)
})

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
