import { readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import test from 'ava'
import { audioToBytes, audioToFile, type EmitAudio } from '../../src/index.ts'
import { Recording, silence, speech, testCall, tone } from '../../src/testing/index.ts'
import { Echo } from '../helpers/echo.ts'

/** Frames that came when they were due, from 100 ms on. */
function recording(...parts: ReturnType<typeof tone>[]): Recording {
  const samples = Int16Array.from(parts.flatMap(([, pcm]) => [...pcm]))
  return new Recording(
    samples,
    Array.from({ length: samples.length / 960 }, (_, i) => 100 + i * 20),
  )
}

test('sounds, holes, loudness and tones of a recording are those that are in it', (t) => {
  const made = recording(
    silence(0.2),
    tone(440, { seconds: 0.5 }),
    silence(0.1),
    tone(1000, { seconds: 0.5, loudness: -20 }),
  )
  t.is(made.seconds, 1.3)
  t.is(made.soundSeconds, 1)
  t.deepEqual(made.sounds(50), [
    { fromMs: 300, toMs: 800 },
    { fromMs: 900, toMs: 1400 },
  ])
  t.deepEqual(made.sounds(), [{ fromMs: 300, toMs: 1400 }])
  t.deepEqual(made.holes(), [{ fromMs: 800, toMs: 900 }])
  t.deepEqual([made.longestHoleMs, made.longestStallMs], [100, 20])
  t.deepEqual([made.toneShare(440), made.toneShare(1000), made.toneShare(700)], [0.5, 0.5, 0])
  const [first, second] = [made.between(300, 800), made.between(900)]
  t.deepEqual([first.seconds, first.toneShare(440), second.toneShare(1000)], [0.5, 1, 1])
  t.true(Math.abs(first.loudness + 15) < 0.1 && Math.abs(second.loudness + 20) < 0.1)
  t.deepEqual([recording(silence(0.1)).loudness, recording().soundSeconds, recording().longestStallMs], [-100, 0, 0])
})

test('a sound is found where it is, and not where it is not', (t) => {
  const word = tone(300, { seconds: 0.3 })
  const made = recording(silence(0.5), word, silence(0.7), tone(300, { seconds: 0.8 }))
  const at = made.find(word)
  t.true(at !== undefined && Math.abs(at - 600) <= 5, `${at}`)
  t.is(recording(silence(1)).find(word), undefined)
  t.is(recording(tone(300, { seconds: 0.1 })).find(word), undefined)
})

test('WAV files of any rate are spoken, mono and stereo, by path or bytes', async (t) => {
  const mono = await audioToFile([16_000, Int16Array.from({ length: 16_000 }, (_, n) => 8000 * Math.sin(n / 4))])
  t.teardown(() => rm(dirname(mono), { recursive: true }))
  t.deepEqual(speech(mono)[0], 16_000)
  const stereo = await audioToBytes([44_100, new Int16Array([1, -1, 2, -2]), 'stereo'])
  t.deepEqual(speech(stereo), [44_100, new Int16Array([1, -1, 2, -2]), 'stereo'])
  t.throws(() => speech(new Uint8Array(50)), { message: /no WAV file/ })
  t.throws(() => speech(stereo.subarray(0, 20)), { message: /no fmt or no data/ })

  const call = await testCall(new Echo(), { seed: 31 })
  await call.play(mono)
  await call.wait(0.4)
  call.expectHeard({ seconds: 0.95, toneHz: 16_000 / (8 * Math.PI) })
  const path = await call.heard.toWav()
  t.teardown(() => rm(dirname(path), { recursive: true }))
  t.deepEqual(speech(path)[1], call.heard.samples)
  t.deepEqual(await readFile(path), Buffer.from(await call.heard.toBytes()))
  await call.end()
})

test('a stereo caller hears left and right', async (t) => {
  const left = Int16Array.from({ length: 1920 }, (_, i) => (i % 2 === 0 ? 6000 * Math.sin(i / 20) : 0))
  const call = await testCall(
    async function* (frames): AsyncGenerator<EmitAudio> {
      for await (const _ of frames) yield [48_000, left, 'stereo']
    },
    { seed: 32, layout: 'stereo', stream: { media: { opus: { channels: 2 } } } },
  )
  await call.play(silence(1))
  const { samples } = call.heard
  const power = (offset: number): number => samples.reduce((sum, v, i) => sum + (i % 2 === offset ? v * v : 0), 0)
  t.true(power(0) > 50 * power(1), `${power(0)} and ${power(1)}`)
  await call.end()
})
