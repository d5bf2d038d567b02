import { mock } from 'node:test'
import test from 'ava'
import { EnergyVad, type EmitType, type PauseDetectionModel, ReplyOnPause, type VadResult } from '../../src/index.ts'
import { until } from '../helpers/call.ts'
import { callTurns, logs, settleReply, type TurnCall } from '../helpers/turns.ts'

const RATE = 16_000

/** Frames of 20 ms, all samples of one value. */
function frames(count: number, value: number): Int16Array[] {
  return Array.from({ length: count }, () => new Int16Array(RATE / 50).fill(value))
}

/** A model that takes for seconds of speech what its script says, block after block. */
class Scripted implements PauseDetectionModel {
  readonly lengths: number[] = []
  readonly #script: (number | VadResult | Error | Promise<VadResult>)[]
  warmUps = 0
  constructor(...script: (number | VadResult | Error | Promise<VadResult>)[]) {
    this.#script = script
  }
  vad([, samples]: readonly [number, Int16Array]): VadResult | Promise<VadResult> {
    this.lengths.push(samples.length / RATE)
    const next = this.#script.shift() ?? 0
    if (next instanceof Error) throw next
    return typeof next === 'number' ? { duration: next, chunks: [] } : next
  }
  warmup(): void {
    this.warmUps++
  }
}

/** A call to a handler with a model of the user's, and the turns that it was given. */
function callWith(
  model: PauseDetectionModel,
  options: ConstructorParameters<typeof ReplyOnPause>[1] = {},
): TurnCall & { turns: Int16Array[] } {
  const turns: Int16Array[] = []
  const handler = new ReplyOnPause(
    function* ([, audio]): Generator<EmitType> {
      turns.push(audio)
      yield [24_000, new Int16Array(12_000)]
    },
    { ...options, model, inputSampleRate: RATE, needsArgs: false, needsContext: false },
  )
  return Object.assign(callTurns(handler), { turns })
}

/** Where values change in audio, in blocks of 20 ms: [value, frames] one after the other. */
function runs(samples: Int16Array | undefined): [value: number, frames: number][] {
  const found: [number, number][] = []
  for (let at = 0; at < (samples?.length ?? 0); at += RATE / 50) {
    const value = samples?.[at] ?? 0
    const last = found.at(-1)
    if (last?.[0] === value) last[1]++
    else found.push([value, 1])
  }
  return found
}

test('a model is asked once for each block, and frames come as ever', async (t) => {
  const model = new Scripted()
  const called = callWith(model)
  t.is(called.link.speechSettings, undefined)
  called.link.receive(...frames(95, 0))
  t.deepEqual(model.lengths, [0.6, 0.6, 0.6])
  t.is(model.warmUps, 1)
  t.is(called.link.waiting, 0)
})

test('a turn has its blocks, and the end of the one before', async (t) => {
  const called = callWith(new Scripted(0.2, 0.21, 0.1, 0.09))
  called.link.receive(...frames(30, 1), ...frames(30, 2), ...frames(30, 3), ...frames(30, 4))
  await settleReply()
  t.deepEqual(runs(called.turns[0]), [
    [1, 20],
    [2, 30],
    [3, 30],
    [4, 30],
  ])
  const [start, end, turn] = called.news
  t.deepEqual(start, ['speech-start', { at: 0.6, foundAt: 1.2 }])
  t.is(end?.[0], 'speech-end')
  t.like(turn?.[1], { number: 1, to: 2.4, foundAt: 2.4, reason: 'pause' })
  t.deepEqual(logs(called), ['started_talking', 'pause_detected', 'response_starting'])
})

test('a model that says where the speech is tells the times', (t) => {
  const called = callWith(
    new Scripted(
      { duration: 0.3, chunks: [{ start: 4800, end: 9600 }] },
      { duration: 0.05, chunks: [{ start: 0, end: 800 }] },
    ),
  )
  called.link.receive(...frames(60, 1))
  t.deepEqual(called.news.slice(0, 2), [
    ['speech-start', { at: 0.3, foundAt: 0.6 }],
    ['speech-end', { at: 0.65, foundAt: 1.2 }],
  ])
})

test('speech that goes on for too long is replied to', async (t) => {
  const called = callWith(new Scripted(0.5, 0.5, 0.5), { algoOptions: { maxContinuousSpeechS: 1.2 } })
  called.link.receive(...frames(60, 1))
  await settleReply()
  t.is(called.turns.length, 1)
  t.like(called.news.find(([name]) => name === 'turn')?.[1], { reason: 'max' })
})

test('an asynchronous model is asked one block at a time', async (t) => {
  let resolve: (result: VadResult) => void = () => undefined
  const slow = new Promise<VadResult>((settle) => (resolve = settle))
  const model = new Scripted(slow, 0)
  const called = callWith(model)
  called.link.receive(...frames(60, 1))
  t.deepEqual(model.lengths, [0.6])
  resolve({ duration: 0.4, chunks: [] })
  await until(() => model.lengths.length === 2)
  await settleReply()
  t.is(called.turns.length, 1)
})

test('what a model gets wrong is told, and counts as silence', async (t) => {
  const called = callWith(new Scripted(0.5, new Error('no weights'), 0.5, { chunks: [] } as never))
  called.link.receive(...frames(120, 1))
  await settleReply()
  t.is(called.news.filter(([name]) => name === 'turn').length, 2)
  t.regex(called.log.lines.join('\n'), /no weights/)
  t.regex(called.log.lines.join('\n'), /vad\(\) gave Object; it must be \{ duration, chunks \}/)
  t.is(called.core.state, 'connected')
})

test('the speaker interrupts a reply with the block in which speech is found', async (t) => {
  const called = callWith(new Scripted(0.5, 0, 0.5))
  called.link.receive(...frames(60, 1))
  await settleReply()
  t.true(called.link.depthMs > 0)
  called.link.receive(...frames(30, 1))
  t.is(called.link.depthMs, 0)
  t.is(called.news.at(-1)?.[0], 'interrupted')
})

test('a deaf reply hears nothing, not even the end of what was said before', async (t) => {
  const model = new Scripted(0.5, 0)
  const called = callWith(model, { canInterrupt: false })
  called.link.receive(...frames(60, 1))
  await settleReply()
  called.link.receive(...frames(70, 1))
  t.is(model.lengths.length, 2)
  called.link.play(500)
  await until(() => {
    called.link.receive(...frames(1, 1))
    return model.lengths.length === 3
  })
  t.is(called.turns.length, 1)
})

test('a turn that goes on after its pause has all of it', async (t) => {
  const answers = [0, 1]
  const called = callWith(new Scripted(0.5, 0, 0, 0.5, 0), { turnDetector: () => answers.shift() ?? 1 })
  called.link.receive(...frames(30, 1), ...frames(30, 2))
  await settleReply()
  called.link.receive(...frames(30, 3), ...frames(30, 4), ...frames(30, 5))
  await settleReply()
  t.deepEqual(runs(called.turns[0]), [
    [1, 30],
    [2, 30],
    [3, 30],
    [4, 30],
    [5, 30],
  ])
  t.like(called.news.find(([name]) => name === 'turn')?.[1], { from: 0, to: 3 })
})

test('triggerResponse has the speech so far, in the middle of a block', async (t) => {
  const called = callWith(new Scripted(0.5))
  called.link.receive(...frames(40, 1))
  const handler = called.core.handler as ReplyOnPause
  handler.triggerResponse()
  await settleReply()
  t.deepEqual(runs(called.turns[0]), [[1, 40]])
})

test('two channels are one to a model', async (t) => {
  const seen: number[] = []
  const model: PauseDetectionModel = {
    vad([, samples]) {
      seen.push(samples.length, samples[0] ?? 0)
      return { duration: 0, chunks: [] }
    },
    warmup: () => undefined,
  }
  const called = callTurns(new ReplyOnPause(() => [], { model, inputSampleRate: RATE, expectedLayout: 'stereo' }))
  const stereo = new Int16Array(RATE / 25).map((_, i) => (i % 2 === 0 ? 100 : 300))
  called.link.channels = 2
  called.link.receive(...Array.from({ length: 30 }, () => stereo))
  t.deepEqual(seen, [9600, 200])
})

test('a loudness that is no voice takes turns too', async (t) => {
  const called = callWith(new EnergyVad(), { modelOptions: { thresholdDb: -30 } })
  called.link.receive(...frames(30, 8000), ...frames(30, 0))
  await settleReply()
  t.is(called.turns.length, 1)
})

test('a model may hand its audio over to a worker: the turn has all of it', async (t) => {
  const lengths = [0.6, 0]
  const model: PauseDetectionModel = {
    vad([, { buffer }]) {
      structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
      return { duration: lengths.shift() ?? 0, chunks: [] }
    },
    warmup() {},
  }
  const called = callWith(model)
  called.link.receive(...frames(60, 7))
  await settleReply()
  t.is(called.turns[0]?.length, 1.2 * RATE)
  t.true(called.turns[0]?.every((sample) => sample === 7))
})

test('a model that says NaN seconds is told so', async (t) => {
  const called = callWith(new Scripted({ duration: NaN, chunks: [] }))
  called.link.receive(...frames(30, 1))
  await settleReply()
  t.regex(called.link.told.find(({ type }) => type === 'error')?.message ?? '', /gave \{ duration: NaN \}; it must be/)
})

test.serial('a model that never answers is told of after 5 s, and asked about the next block', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const model = new Scripted(new Promise<VadResult>(() => undefined), 0)
  const called = callWith(model)
  called.link.receive(...frames(60, 0))
  t.is(model.lengths.length, 1)
  mock.timers.tick(4999)
  t.is(model.lengths.length, 1)
  mock.timers.tick(1)
  t.is(model.lengths.length, 2)
  t.regex(called.log.lines.join(), /The model's vad\(\) gave no answer within 5 s/)
})
