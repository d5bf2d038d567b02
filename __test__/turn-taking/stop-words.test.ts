import { mock } from 'node:test'
import test from 'ava'
import { type EmitType, ReplyOnStopWords, type SpeechToText } from '../../src/index.ts'
import type { SpeechEvent } from '../../src/native/speech.ts'
import { StopWords } from '../../src/turn-taking/stop-words.ts'
import { until } from '../helpers/call.ts'
import { callTurns, chunk, logs, settleReply, started, type TurnCall } from '../helpers/turns.ts'

for (const [stopWords, text, expected] of [
  [['computer'], 'computer', 'computer'],
  [['computer'], 'Computer, lights on', 'computer …'],
  [['computer'], 'Hey COMPUTER!', 'computer'],
  [['Computer'], 'my computer is', 'Computer …'],
  [['computer'], 'computers', undefined],
  [['computer'], 'the minicomputer', undefined],
  [['computer'], 'com puter', undefined],
  [['computer'], '', undefined],
  [['hey llama'], 'Hey, llama: what now?', 'hey llama …'],
  [['hey llama'], 'hey there llama', undefined],
  [['hey llama'], 'llama hey', undefined],
  [['hey llama'], 'they llama', undefined],
  [['hey-llama'], 'hey llama', 'hey-llama'],
  [['  hey   llama! '], 'hey llama', '  hey   llama! '],
  [["what's up"], 'so, what’s up', "what's up"],
  [["what's up"], 'whats up', "what's up"],
  [['stop', 'halt'], 'please halt', 'halt'],
  [['stop', 'stop it'], 'stop it', 'stop it'],
  [['stop'], 'stop. I said stop', 'stop'],
  [['café'], 'CAFÉ', 'café'],
  [['cafe\u0301'], 'café', 'cafe\u0301'],
  [['größe'], 'GRÖßE bitte', 'größe …'],
  [['hal 9000'], 'HAL 9000, open', 'hal 9000 …'],
  [['電脳'], '電脳、今何時', '電脳 …'],
] as const) {
  test(`${JSON.stringify(stopWords)} in ${JSON.stringify(text)}: ${expected ?? 'none'}`, (t) => {
    const match = new StopWords(stopWords).find(text)
    t.is(match && `${match.stopWord}${match.isFollowed ? ' …' : ''}`, expected)
  })
}

for (const [stopWords, message] of [
  [[], /must be a list of words or phrases, such as \['computer', 'hey llama'\], not \[\]/],
  ['computer', /must be a list of words or phrases.* not "computer"/],
  [['computer', 7], /A stop word must be a string, not 7/],
  [['?!'], /must have a letter or a digit; "\?!" has none/],
] as const) {
  test(`stop words can't be ${JSON.stringify(stopWords)}`, (t) => {
    t.throws(() => new StopWords(stopWords as never), { message })
  })
}

/** Writes down what its script says. */
class Scripted implements SpeechToText {
  readonly seconds: number[] = []
  readonly #script: (string | Error)[]
  constructor(...script: (string | Error)[]) {
    this.#script = script
  }
  async stt([rate, samples]: readonly [number, Int16Array]): Promise<string> {
    this.seconds.push(samples.length / rate)
    const next = this.#script.shift() ?? ''
    if (next instanceof Error) throw next
    return next
  }
}

const RATE = 16_000

function callStopWords(stt: SpeechToText, endless = false): TurnCall & { turns: number[] } {
  const turns: number[] = []
  const handler = new ReplyOnStopWords(
    function* ([, audio]): Generator<EmitType> {
      turns.push(audio.length / RATE)
      yield endless ? [24_000, new Int16Array(48_000)] : chunk()
    },
    ['computer'],
    {
      stt,
      inputSampleRate: RATE,
      algoOptions: { audioChunkDuration: 0.1, startedTalkingThreshold: 0.05, speechThreshold: 0.05 },
    },
  )
  return Object.assign(callTurns(handler.copy()), { turns })
}

function pausedAfter(from: number, to: number): SpeechEvent {
  return { kind: 'pause', reason: 'pause', from, to, foundAt: to + 0.5, audio: new Int16Array((to - from) * RATE) }
}

function peekedAt(from: number, to: number): SpeechEvent {
  return { kind: 'peeked', from, to, foundAt: to, audio: new Int16Array((to - from) * RATE) }
}

function stopWordsTold(called: TurnCall): number {
  return called.link.told.filter(({ type }) => type === 'stopword').length
}

test('what is said without a stop word is heard by nobody', async (t) => {
  const stt = new Scripted('what time is it')
  const called = callStopWords(stt)
  called.link.find(started(1), pausedAfter(0.6, 4))
  await settleReply()
  t.deepEqual(stt.seconds, [2], 'the last 2 s are written down')
  t.deepEqual(called.turns, [])
  t.deepEqual(called.news, [])
  t.deepEqual(called.link.told, [])
})

test('a stop word with words behind it in one breath is replied to at the pause, with all of them', async (t) => {
  const called = callStopWords(new Scripted('Computer, what time is it?'))
  called.link.find(started(1), pausedAfter(0.6, 2.6))
  await settleReply()
  t.deepEqual(called.turns, [2])
  t.is(stopWordsTold(called), 1)
  t.deepEqual(logs(called), ['started_talking', 'pause_detected', 'response_starting'])
  t.like(called.news.find(([name]) => name === 'turn')?.[1], { from: 0.6, to: 2.6 })
})

test('a stop word is found while the speaker goes on, and what was said long before it is left out', async (t) => {
  const stt = new Scripted('and I thought', 'computer tell me')
  const called = callStopWords(stt)
  called.link.find(started(1.25))
  await until(() => called.link.asked.filter((each) => each === 'peek').length === 1)
  called.link.find(peekedAt(1, 3))
  await until(() => called.link.asked.filter((each) => each === 'peek').length === 2)
  called.link.find(peekedAt(1, 5))
  await until(() => stopWordsTold(called) === 1)
  called.link.find(pausedAfter(1, 7))
  await settleReply()
  t.is(stt.seconds.length, 2, 'words behind it were heard already')
  t.deepEqual(called.turns, [4])
  t.like(called.news.find(([name]) => name === 'turn')?.[1], { from: 3, to: 7 })
})

test('after a stop word that stood alone the next sentence is the turn', async (t) => {
  const called = callStopWords(new Scripted('Computer.'))
  called.link.find(started(1), pausedAfter(0.6, 1.6))
  await settleReply()
  t.is(stopWordsTold(called), 1)
  t.deepEqual(called.turns, [])
  called.link.find(started(5), pausedAfter(4.6, 6))
  await settleReply()
  t.is(called.turns.length, 1)
  called.link.find(started(9), pausedAfter(8.6, 10))
  await settleReply()
  t.is(called.turns.length, 1, 'each turn needs a stop word of its own')
})

test('during a reply a stop word interrupts, and other speech does not', async (t) => {
  const called = callStopWords(new Scripted('computer sing', 'louder', 'computer stop'), true)
  called.link.find(started(1), pausedAfter(0.6, 2))
  await settleReply()
  t.is(
    called.link.asked.find((each) => each !== 'clear'),
    'ask',
    'the engine silences nothing by itself',
  )
  called.link.find(started(5), pausedAfter(4.6, 6))
  await settleReply()
  t.true(called.link.depthMs > 0)
  called.link.find(started(8), pausedAfter(7.6, 9))
  await settleReply()
  t.true(called.news.some(([name]) => name === 'interrupted'))
  t.is(called.turns.length, 2)
})

test('a transcription that fails is told, and the next one may succeed', async (t) => {
  const called = callStopWords(new Scripted(new Error('The service is down'), 'computer go'))
  called.link.find(started(1), pausedAfter(0.6, 2))
  await settleReply()
  t.regex(called.log.lines.join('\n'), /The service is down/)
  called.link.find(started(5), pausedAfter(4.6, 6))
  await settleReply()
  t.is(called.turns.length, 1)
})

test.serial('a transcription that never comes is told of after 20 s, and the next one may succeed', async (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.teardown(() => mock.timers.reset())
  const words = ['computer go']
  const silent = new Promise<string>(() => undefined)
  const stt = (): Promise<string> => (called.log.lines.length === 0 ? silent : Promise.resolve(words.shift() ?? ''))
  const called = callStopWords({ stt })
  called.link.find(started(1), pausedAfter(0.6, 2))
  mock.timers.tick(19_999)
  t.is(called.log.lines.length, 0)
  mock.timers.tick(1)
  t.regex(called.log.lines.join(), /stt\(\) gave no answer within 20 s/)
  mock.timers.reset()
  called.link.find(started(25), pausedAfter(24.6, 26))
  await settleReply()
  t.is(called.turns.length, 1)
})

test('a transcription that is none is named', async (t) => {
  const called = callStopWords({ stt: async () => 7 as never })
  called.link.find(started(1), pausedAfter(0.6, 2))
  await settleReply()
  t.regex(called.log.lines.join('\n'), /stt\(\) gave 7; it must be a string/)
})

test('without a transcription there are no stop words, and the error says what to pass', (t) => {
  t.throws(() => new ReplyOnStopWords(() => [], ['computer'], {} as never), {
    instanceOf: TypeError,
    message: /needs the option stt.* not undefined: pass await getSttModel\('moonshine\/base'\)/,
  })
})
