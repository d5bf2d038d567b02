import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import {
  type AudioFrame,
  type EmitType,
  ReplyOnPause,
  ReplyOnStopWords,
  type ReplyContext,
  type Turn,
} from '../../src/index.ts'
import { silence, testCall, tone, type TestCall } from '../../src/testing/index.ts'

/** Path of a file of generated speech. */
function wav(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/speech/${name}.wav`, import.meta.url))
}

interface Phrases {
  readonly files: Record<
    string,
    { readonly samples: number; readonly speech: readonly { readonly start: number; readonly end: number }[] }
  >
}

/** Where speech begins and ends in a file, in ms. */
async function phrases(name: string): Promise<{ startMs: number; endMs: number }[]> {
  const { files } = JSON.parse(
    await readFile(new URL('../../fixtures/speech/speech.json', import.meta.url), 'utf8'),
  ) as Phrases
  return (files[name]?.speech ?? []).map(({ start, end }) => ({ startMs: start / 16, endMs: end / 16 }))
}

/** Turns that a call's session tells of. */
function turnsOf(call: TestCall): Turn[] {
  const turns: Turn[] = []
  call.session.on('turn', (turn) => turns.push(turn))
  return turns
}

/** What the caller was told of turns. */
function logsOf(call: TestCall): unknown[] {
  return call.messages.map(({ data }) => (data as { data?: unknown }).data)
}

/** A reply that is easy to find: a tone of two seconds. */
function* beep(): Generator<EmitType> {
  yield tone(880, { seconds: 2 })
}

test('a sentence is replied to, with all of it, half a second after its end', async (t) => {
  const [phrase] = await phrases('question')
  const heard: AudioFrame[] = []
  const handler = new ReplyOnPause(
    function* (audio) {
      heard.push(audio)
      yield* beep()
    },
    { inputSampleRate: 16_000 },
  )
  const call = await testCall(handler, { seed: 1 })
  const turns = turnsOf(call)
  const begun = call.nowMs
  await call.play(wav('question'), silence(1))
  await call.waitForSound()
  const { startMs, endMs } = phrase ?? { startMs: 0, endMs: 0 }
  const [reply] = call.heard.sounds()
  const delayMs = (reply?.fromMs ?? 0) - begun - endMs
  t.true(delayMs > 400 && delayMs < 680, `${delayMs} ms`)
  t.is(turns.length, 1)
  const [turn] = turns as [Turn]
  t.true(turn.from * 1000 <= startMs + begun && turn.to * 1000 >= endMs, JSON.stringify(turn))
  const seconds = (heard[0]?.[1].length ?? 0) / 16_000
  t.true(seconds > (endMs - startMs) / 1000 && Math.abs(seconds - turn.audioSeconds) < 0.001, `${seconds}`)
  t.deepEqual(logsOf(call), ['started_talking', 'pause_detected', 'response_starting'])
  await call.end()
})

test('whoever speaks over a reply stops it, and is replied to', async (t) => {
  const aborted: number[] = []
  const handler = new ReplyOnPause(
    async function* (_: AudioFrame, { signal, turn }: ReplyContext) {
      signal.addEventListener('abort', () => aborted.push(turn.number))
      for (let i = 0; i < 20; i++) yield tone(880, { seconds: 0.5 })
    },
    { needsContext: true },
  )
  const call = await testCall(handler, { seed: 2 })
  const turns = turnsOf(call)
  await call.play(wav('greeting'))
  await call.waitForSound()
  await call.wait(1)
  await call.play(wav('interruption'))
  call.expectInterruption({ withinMs: 450 + 200 })
  await call.waitForSound()
  t.deepEqual(aborted, [1])
  t.is(turns.length, 2)
  t.true((turns[1]?.heardMs ?? 0) > 800, `${turns[1]?.heardMs}`)
  await call.end()
  t.deepEqual(aborted, [1, 2])
})

test('a turn detector keeps a sentence together across its pauses', async (t) => {
  const seconds: number[] = []
  const handler = new ReplyOnPause(
    function* ([rate, audio]) {
      seconds.push(audio.length / rate)
      yield* beep()
    },
    // The last of its three phrases ends after 3.6 s.
    { preset: 'fast', turnDetector: ([rate, audio]) => (audio.length / rate > 3 ? 1 : 0) },
  )
  const call = await testCall(handler, { seed: 3 })
  const turns = turnsOf(call)
  await call.play(wav('hesitation'), silence(1))
  await call.waitForSound()
  t.is(turns.length, 1)
  const spoken = await phrases('hesitation')
  t.true((seconds[0] ?? 0) * 1000 > (spoken.at(-1)?.endMs ?? 0) - (spoken[0]?.startMs ?? 0), `${seconds[0]} s`)
  await call.end()
})

test('an interruption detector hears the speech over the reply, and decides', async (t) => {
  const heard: number[] = []
  const handler = new ReplyOnPause(
    function* () {
      for (let i = 0; i < 20; i++) yield tone(880, { seconds: 0.5 })
    },
    {
      interruptionDetector([rate, audio]) {
        heard.push(audio.length / rate)
        return (heard.at(-1) ?? 0) > 0.9
      },
    },
  )
  const call = await testCall(handler, { seed: 4 })
  await call.play(wav('greeting'))
  await call.waitForSound()
  await call.wait(0.5)
  await call.play(wav('interruption'))
  t.true(heard.length > 1 && heard.every((seconds, i) => seconds > (heard[i - 1] ?? 0.1)), JSON.stringify(heard))
  await call.waitFor(() => call.heard.between(call.nowMs - 300).soundSeconds === 0, { what: 'silence' })
  await call.end()
})

test('what is said first is heard at once, may be interrupted, and is no turn', async (t) => {
  const ended: string[] = []
  const handler = new ReplyOnPause(beep, {
    *startupFn() {
      try {
        for (let i = 0; i < 20; i++) yield tone(440, { seconds: 0.5 })
      } finally {
        ended.push('startupFn')
      }
    },
  })
  const call = await testCall(handler, { seed: 7 })
  const turns = turnsOf(call)
  const interruptions: number[] = []
  call.session.on('interrupted', ({ heardMs }) => interruptions.push(heardMs))
  await call.waitForSound()
  t.deepEqual(logsOf(call), ['response_starting'])
  await call.wait(1)
  await call.play(wav('interruption'))
  call.expectInterruption({ withinMs: 450 + 200 })
  t.deepEqual(ended, ['startupFn'])
  await call.waitForSound()
  t.deepEqual(
    turns.map(({ number, reason }) => [number, reason]),
    [[1, 'pause']],
  )
  t.is(interruptions.length, 1)
  t.true((interruptions[0] ?? 0) > 800, `${interruptions[0]}`)
  t.deepEqual(logsOf(call), ['response_starting', 'started_talking', 'pause_detected', 'response_starting'])
  await call.end()
})

test('whoever speaks for longer than maxContinuousSpeechS is replied to meanwhile, and none of it is lost', async (t) => {
  const handler = new ReplyOnPause(() => [tone(880, { seconds: 0.3 })], {
    algoOptions: { maxContinuousSpeechS: 2 },
  })
  const call = await testCall(handler, { seed: 8 })
  const turns = turnsOf(call)
  const begun = call.nowMs
  const [phrase] = await phrases('reply')
  await call.play(silence(1), wav('reply'), silence(2))
  t.deepEqual(
    turns.map(({ reason }) => reason),
    ['max', 'max', 'pause'],
  )
  const [first, second, last] = turns as [Turn, Turn, Turn]
  t.true(Math.abs(first.foundAt - first.from - 2.4) < 0.05, JSON.stringify(first))
  t.true(second.from <= first.to && last.from <= second.to, JSON.stringify(turns))
  const [reply] = call.heard.sounds()
  t.true(
    (reply?.fromMs ?? Infinity) < begun + 1000 + (phrase?.endMs ?? 0),
    'the first reply comes while the caller speaks',
  )
  await call.end()
})

test('with canInterrupt: false a reply is heard out, and what is said over it is no turn', async (t) => {
  const handler = new ReplyOnPause(() => [tone(880, { seconds: 4 })], { canInterrupt: false })
  const call = await testCall(handler, { seed: 9 })
  const turns = turnsOf(call)
  const told: string[] = []
  call.session.on('speech-start', () => told.push('speech-start'))
  call.session.on('interrupted', () => told.push('interrupted'))
  await call.play(wav('greeting'))
  await call.wait(1)
  await call.play(wav('interruption'))
  await call.wait(3)
  const [reply, ...more] = call.heard.sounds()
  t.deepEqual(more, [])
  const seconds = ((reply?.toMs ?? 0) - (reply?.fromMs ?? 0)) / 1000
  t.true(Math.abs(seconds - 4) < 0.1, `${seconds} s`)
  t.is(turns.length, 1)
  t.deepEqual(told, ['speech-start'])
  await call.play(wav('question'), silence(1))
  t.is(turns.length, 2)
  await call.end()
})

test('triggerResponse replies at once, to nothing, and then to half a sentence', async (t) => {
  const seconds: number[] = []
  const handler = new ReplyOnPause(function* ([rate, audio]) {
    seconds.push(audio.length / rate)
    yield tone(880, { seconds: 0.3 })
  })
  const call = await testCall(handler, { seed: 5 })
  const copy = call.handler as ReplyOnPause
  copy.triggerResponse()
  await call.waitForSound()
  await call.wait(1)
  call.say(wav('question'))
  await call.wait(1.2)
  copy.triggerResponse()
  await call.wait(0.1)
  t.is(seconds[0], 0)
  t.true((seconds[1] ?? 0) > 0.8 && (seconds[1] ?? 0) < 1.3, `${seconds[1]}`)
  await call.end()
})

test('a stop word is found by the engine and a transcription together', async (t) => {
  const stt = { stt: async ([rate, audio]: AudioFrame) => (audio.length / rate > 1.5 ? 'computer, what now' : 'what') }
  const handler = new ReplyOnStopWords(beep, ['computer'], { stt })
  const call = await testCall(handler, { seed: 6 })
  await call.play(wav('question'), silence(1))
  await call.waitForSound()
  t.is(call.messages.filter(({ data }) => (data as { type?: unknown }).type === 'stopword').length, 1)
  await call.end()
})
