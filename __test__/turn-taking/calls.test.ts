import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { type AudioFrame, type EmitType, ReplyOnPause, type ReplyContext, type Turn } from '../../src/index.ts'
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
  t.deepEqual(
    call.messages.map(({ data }) => (data as { data?: unknown }).data),
    ['started_talking', 'pause_detected', 'response_starting'],
  )
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
