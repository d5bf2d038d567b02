import { mock } from 'node:test'
import test from 'ava'
import { type AudioFrame, type EmitType, ReplyOnPause, type ReplyContext } from '../../src/index.ts'
import type { SpeechEvent } from '../../src/native/speech.ts'
import { until } from '../helpers/call.ts'
import {
  callTurns,
  chunk,
  logs,
  orders,
  paused,
  settleReply,
  started,
  type TurnCall,
  written,
} from '../helpers/turns.ts'

function* echo([, audio]: AudioFrame): Generator<EmitType> {
  yield chunk(audio[0])
}

async function* forever(): AsyncGenerator<EmitType> {
  for (;;) yield chunk()
}

const peeked: SpeechEvent = { kind: 'peeked', from: 2, to: 3, foundAt: 3, audio: new Int16Array(9).fill(4) }

/** Answers that a test gives when it likes. */
class Answers<Answer> {
  readonly asked: [audio: AudioFrame, context: ReplyContext][] = []
  #resolve: ((answer: Answer) => void) | undefined
  readonly ask = (...question: [AudioFrame, ReplyContext]): Promise<Answer> => {
    this.asked.push(question)
    return new Promise((resolve) => (this.#resolve = resolve))
  }
  async give(answer: Answer): Promise<void> {
    this.#resolve?.(answer)
    await settleReply()
  }
}

test('a turn detector that says yes lets the handler reply', async (t) => {
  const detector = new Answers<number>()
  const called = callTurns(new ReplyOnPause(echo, { turnDetector: detector.ask, turnThreshold: 0.6 }))
  called.link.find(started(1), paused(2, 3))
  await settleReply()
  t.deepEqual(written(called), [])
  t.is(detector.asked[0]?.[0][1][0], 3)
  t.like(detector.asked[0]?.[1].turn, { number: 1, from: 1, to: 2 })
  await detector.give(0.6)
  t.deepEqual(written(called), [3])
})

test('below its threshold the handler keeps listening, and the turn goes on', async (t) => {
  const detector = new Answers<number>()
  const called = callTurns(new ReplyOnPause(echo, { turnDetector: detector.ask, turnThreshold: 0.6 }))
  called.link.find(started(1), paused(2))
  await settleReply()
  await detector.give(0.59)
  t.deepEqual(orders(called), ['continue'])
  called.link.find(started(3), paused(4, 8))
  await settleReply()
  await detector.give(1)
  t.deepEqual(written(called), [8])
  t.deepEqual(logs(called), ['started_talking', 'pause_detected', 'response_starting'])
})

test('a speaker who goes on before the answer takes the question back', async (t) => {
  const detector = new Answers<number>()
  const called = callTurns(new ReplyOnPause(echo, { turnDetector: detector.ask }))
  called.link.find(started(1), paused(2))
  await settleReply()
  called.link.find(started(2.6))
  t.true(detector.asked[0]?.[1].signal.aborted)
  await detector.give(1)
  t.deepEqual(written(called), [])
  t.deepEqual(orders(called), ['continue'])
})

test('nobody is waited for longer than maxPauseS', async (t) => {
  const detector = new Answers<number>()
  const called = callTurns(new ReplyOnPause(echo, { turnDetector: detector.ask, maxPauseS: 0.01 }))
  called.link.find(started(1), paused(2, 3))
  await settleReply()
  await detector.give(0)
  await until(() => orders(called).includes('take'))
  called.link.find(paused(2, 3, 'taken'))
  await settleReply()
  t.deepEqual(written(called), [3])
})

for (const [title, answer, message] of [
  ['gives nonsense', () => 'perhaps' as never, /turnDetector gave "perhaps"; it must be a number from 0 to 1/],
  ['throws', () => Promise.reject(new Error('no model')), /no model/],
] as const) {
  test(`a turn detector that ${title} is told, and the turn is over`, async (t) => {
    const called = callTurns(new ReplyOnPause(echo, { turnDetector: answer }))
    called.link.find(started(1), paused(2, 3))
    await settleReply()
    t.deepEqual(written(called), [3])
    t.regex(called.log.lines.join('\n'), message)
  })
}

/** A call that is replied to, and spoken over. */
async function spokenOver(
  interruptionDetector: NonNullable<ReplyOnPause['options']['interruptionDetector']>,
): Promise<TurnCall> {
  const called = callTurns(new ReplyOnPause(forever, { interruptionDetector }))
  called.link.find(started(1), paused(2))
  await settleReply()
  called.link.heardMs = 120
  called.link.find(started(3))
  return called
}

test('an interruption detector hears what was said over the reply, and stops it', async (t) => {
  const detector = new Answers<boolean>()
  const called = await spokenOver(detector.ask)
  t.deepEqual(orders(called), ['ask', 'peek'])
  called.link.find(peeked)
  await settleReply()
  t.is(detector.asked[0]?.[0][1].length, 9)
  t.like(detector.asked[0]?.[1].turn, { number: 2, from: 2, heardMs: 120 })
  t.true(called.link.depthMs > 0)
  await detector.give(true)
  t.is(called.link.depthMs, 0)
  t.deepEqual(called.news.at(-1), ['interrupted', { at: 3, foundAt: 3.2, heardMs: 120 }])
})

test('a murmur that is none goes by, and is no turn', async (t) => {
  const detector = new Answers<boolean>()
  const called = await spokenOver(detector.ask)
  called.link.find(peeked)
  await detector.give(false)
  called.link.find(paused(4))
  await settleReply()
  t.true(called.link.depthMs > 0)
  t.deepEqual(logs(called), ['started_talking', 'pause_detected', 'response_starting'])
  t.false(called.news.some(([name]) => name === 'interrupted'))
})

test('speech that goes on is asked about again', async (t) => {
  const detector = new Answers<boolean>()
  const called = await spokenOver(detector.ask)
  called.link.find(peeked)
  await detector.give(false)
  await until(() => orders(called).filter((each) => each === 'peek').length === 2)
  called.link.find(peeked)
  await detector.give(true)
  t.is(called.link.depthMs, 0)
})

for (const [title, answer, message] of [
  ['gives nonsense', () => 1 as never, /interruptionDetector gave 1; it must be true or false/],
  ['throws', () => Promise.reject(new Error('no model')), /no model/],
] as const) {
  test(`an interruption detector that ${title} is told, and the reply stops`, async (t) => {
    const called = await spokenOver(answer)
    called.link.find(peeked)
    await settleReply()
    t.is(called.link.depthMs, 0)
    t.regex(called.log.lines.join('\n'), message)
  })
}

test('probabilities are told when they are asked for', (t) => {
  const called = callTurns(new ReplyOnPause(echo, { vadEvents: true }))
  t.true(called.link.speechSettings?.probabilities)
  called.link.find({ kind: 'probability', at: 0.032, probability: 0.25 })
  t.deepEqual(called.news, [['vad', { at: 0.032, probability: 0.25 }]])
})

test('a turn detector may hand its audio over to a worker: the reply has all of it', async (t) => {
  const turnDetector = ([, { buffer }]: AudioFrame): number => {
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
    return 1
  }
  const called = callTurns(new ReplyOnPause(echo, { turnDetector }))
  called.link.find(started(1), paused(2, 3))
  await settleReply()
  t.deepEqual(written(called), [3])
})

test.serial('a turn detector that never answers is given up after 5 s, and the reply comes', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let isAborted = false
  const turnDetector = (_: AudioFrame, { signal }: ReplyContext): Promise<number> => {
    signal.addEventListener('abort', () => (isAborted = true))
    return new Promise(() => undefined)
  }
  const called = callTurns(new ReplyOnPause(echo, { turnDetector }))
  called.link.find(started(1), paused(2, 3))
  await Promise.resolve()
  mock.timers.tick(4999)
  t.deepEqual(written(called), [])
  mock.timers.tick(1)
  mock.timers.reset()
  await until(() => written(called).length === 1)
  t.true(isAborted)
  t.regex(called.log.lines.join(), /turnDetector gave no answer within 5 s/)
})
