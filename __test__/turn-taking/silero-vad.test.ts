import test from 'ava'
import { type EmitAudio, type PauseDetectionModel, SileroVad, type SileroVadOptions } from '../../src/index.ts'
import { speech } from '../helpers/speech.ts'

/** Silence so short, and no padding, so that the phrases come out by themselves. */
const PHRASES: SileroVadOptions = { minSilenceDurationMs: 200, speechPadMs: 0 }
const FRAME = 512

test('phrases are found where they are', async (t) => {
  const { samples, phrases } = await speech('hesitation')
  const { duration, chunks } = await new SileroVad().vad([16_000, samples], PHRASES)
  t.is(chunks.length, phrases.length)
  for (const [i, { start, end }] of phrases.entries()) {
    const chunk = chunks[i] ?? { start: 0, end: 0 }
    t.true(Math.abs(chunk.start - start) <= 2 * FRAME, `phrase ${i} begins at ${start}, found at ${chunk.start}`)
    t.true(Math.abs(chunk.end - end) <= 4 * FRAME, `phrase ${i} ends at ${end}, found at ${chunk.end}`)
  }
  const sum = chunks.reduce((total, { start, end }) => total + end - start, 0)
  t.is(duration, sum / 16_000)
})

test('by default pauses of less than 2 s belong to speech, which is longer by 400 ms at both ends', async (t) => {
  const { samples, phrases } = await speech('hesitation')
  // The speech begins 300 ms after the start, and ends 300 ms before the end.
  t.deepEqual(await new SileroVad().vad([16_000, samples]), {
    duration: samples.length / 16_000,
    chunks: [{ start: 0, end: samples.length }],
  })
  const first = phrases[0]?.end ?? 0
  const alone = await new SileroVad().vad([16_000, samples.subarray(0, first)], { speechPadMs: 100 })
  const start = alone.chunks[0]?.start ?? 0
  t.true(start > 4800 - 1600 - 2 * FRAME && start < 4800 - 1600 + 2 * FRAME, `100 ms before 0.3 s: ${start}`)
})

test('speech is found in noise, and none in noise alone', async (t) => {
  const { samples, phrases } = await speech('noisy')
  const { chunks } = await new SileroVad().vad([16_000, samples], PHRASES)
  t.is(chunks.length, 1)
  const noise = samples.subarray(0, phrases[0]?.start)
  t.deepEqual(await new SileroVad().vad([16_000, noise], PHRASES), { duration: 0, chunks: [] })
})

test('each option does what it says', async (t) => {
  const { samples } = await speech('hesitation')
  const count = async (options: SileroVadOptions): Promise<number> => {
    const { chunks } = await new SileroVad().vad([16_000, samples], { ...PHRASES, ...options })
    return chunks.length
  }
  t.is(await count({}), 3)
  t.is(await count({ minSilenceDurationMs: 500 }), 2, 'a pause of 350 ms belongs to the sentence')
  t.is(await count({ minSpeechDurationMs: 600 }), 2, 'the last phrase is shorter')
  t.is(await count({ threshold: 1 }), 0, 'nothing is as certain as that')
  t.true((await count({ maxSpeechDurationS: 0.5 })) > 3)
})

test('positions are those at 16 kHz, whatever the rate, and stereo is mixed down', async (t) => {
  const { samples } = await speech('greeting')
  const expected = await new SileroVad().vad([16_000, samples], PHRASES)
  const thrice = Int16Array.from({ length: samples.length * 3 }, (_, i) => samples[Math.floor(i / 3)] as number)
  const stereo = Int16Array.from({ length: samples.length * 2 }, (_, i) => samples[Math.floor(i / 2)] as number)
  const floats = Float32Array.from(samples, (sample) => sample / 32_767)
  const others: EmitAudio[] = [
    [48_000, thrice],
    [16_000, stereo, 'stereo'],
    [16_000, floats],
  ]
  for (const audio of others) {
    const { chunks } = await new SileroVad().vad(audio, PHRASES)
    t.is(chunks.length, expected.chunks.length)
    for (const [i, { start, end }] of expected.chunks.entries()) {
      t.true(Math.abs((chunks[i]?.start ?? -1) - start) <= FRAME)
      t.true(Math.abs((chunks[i]?.end ?? -1) - end) <= FRAME)
    }
  }
})

test('it is a model for turn-taking, may be warmed up, and finds nothing in nothing', async (t) => {
  const model: PauseDetectionModel = new SileroVad()
  await model.warmup()
  t.deepEqual(await model.vad([24_000, new Int16Array(0)], undefined), { duration: 0, chunks: [] })
})

test('audio is not modified, and may be reused while the model listens', async (t) => {
  const { samples } = await speech('greeting')
  const copy = samples.slice()
  const listening = new SileroVad().vad([16_000, copy], PHRASES)
  const expected = await new SileroVad().vad([16_000, samples], PHRASES)
  t.deepEqual(copy, samples)
  copy.fill(0)
  t.deepEqual(await listening, expected)
})

const WRONG: [name: string, audio: unknown, options: unknown, message: string][] = [
  ['no audio', undefined, undefined, 'Audio must be [sampleRate, samples], not undefined'],
  ['samples alone', new Int16Array(4), undefined, 'Audio must be [sampleRate, samples], not Int16Array(4)'],
  ['bytes', [16_000, new Uint8Array(4)], undefined, 'takes an Int16Array or a Float32Array, not Uint8Array(4)'],
  ['a rate of 0', [0, new Int16Array(4)], undefined, 'The sample rate must be a positive integer in Hz, not 0'],
  ['a low rate', [7999, new Int16Array(4)], undefined, 'The sample rate must be from 8,000 to 192,000 Hz, not 7999'],
  ['a high rate', [2 ** 40, new Int16Array(4)], undefined, 'from 8,000 to 192,000 Hz, not 1099511627776'],
  ['an odd stereo', [16_000, new Int16Array(3), 'stereo'], undefined, 'an even number of samples'],
  ['a wrong option', [16_000, new Int16Array(4)], { treshold: 1 }, 'There is no option treshold'],
  ['a wrong value', [16_000, new Int16Array(4)], { threshold: 2 }, 'The option threshold must be a number from 0 to 1'],
]

for (const [name, audio, options, message] of WRONG) {
  test(`refused: ${name}`, async (t) => {
    const error = await t.throwsAsync(new SileroVad().vad(audio as EmitAudio, options as SileroVadOptions), {
      any: true,
    })
    t.true(error instanceof TypeError || error instanceof RangeError)
    t.true((error as Error).message.includes(message), (error as Error).message)
  })
}
