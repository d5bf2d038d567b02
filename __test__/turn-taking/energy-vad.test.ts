import test from 'ava'
import { type EmitAudio, EnergyVad, type EnergyVadOptions, type PauseDetectionModel } from '../../src/index.ts'

/** Silence for so long, a square wave of an amplitude for as long, and silence again. */
function beep(sampleRate: number, seconds: number, amplitude: number): Int16Array {
  const length = Math.round(sampleRate * seconds)
  const wave = (i: number): number => (i % 2 === 0 ? amplitude : -amplitude)
  return Int16Array.from({ length: 3 * length }, (_, i) => (i >= length && i < 2 * length ? wave(i) : 0))
}

test('what is loud is speech, to 10 ms and at 16 kHz', (t) => {
  for (const sampleRate of [8000, 11_025, 16_000, 44_100, 48_000]) {
    const { duration, chunks } = new EnergyVad().vad([sampleRate, beep(sampleRate, 0.2, 10_000)])
    t.deepEqual(chunks, [{ start: 3200, end: 6400 }], `${sampleRate} Hz`)
    t.is(duration, 0.2)
  }
})

test('speech that begins and ends with the audio is found in full', (t) => {
  const loud = new Int16Array(4005).fill(10_000)
  t.deepEqual(new EnergyVad().vad([16_000, loud]), { duration: 4005 / 16_000, chunks: [{ start: 0, end: 4005 }] })
})

test('several stretches are told apart, and nothing holds none', (t) => {
  const twice = new Int16Array([...beep(16_000, 0.1, 5000), ...beep(16_000, 0.1, 5000)])
  t.deepEqual(new EnergyVad().vad([16_000, twice]).chunks, [
    { start: 1600, end: 3200 },
    { start: 6400, end: 8000 },
  ])
  t.deepEqual(new EnergyVad().vad([16_000, new Int16Array(0)]), { duration: 0, chunks: [] })
})

test('the threshold is the level in dB of full scale', (t) => {
  // A square wave of 3277 is 20.0 dB below full scale.
  const heard = (options?: EnergyVadOptions): number =>
    new EnergyVad().vad([16_000, beep(16_000, 0.2, 3277)], options).chunks.length
  t.is(heard(), 1)
  t.is(heard({ thresholdDb: -20.1 }), 1)
  t.is(heard({ thresholdDb: -19.9 }), 0)
  t.is(heard({ thresholdDb: -96 }), 1)
})

test('stereo is as loud as both channels are on average, and floats are audio too', (t) => {
  const mono = beep(16_000, 0.2, 10_000)
  const stereo = Int16Array.from({ length: mono.length * 2 }, (_, i) => mono[Math.floor(i / 2)] as number)
  const expected = new EnergyVad().vad([16_000, mono])
  t.deepEqual(new EnergyVad().vad([16_000, stereo, 'stereo']), expected)
  t.deepEqual(new EnergyVad().vad([16_000, Float32Array.from(mono, (sample) => sample / 32_767)]), expected)
})

test('it is a model for turn-taking with nothing to warm up', (t) => {
  const model: PauseDetectionModel = new EnergyVad()
  t.is(model.warmup(), undefined)
})

const WRONG: [audio: unknown, options: unknown, message: string][] = [
  [[16_000, 'audio'], undefined, 'takes an Int16Array or a Float32Array, not "audio"'],
  [[-1, new Int16Array(4)], undefined, 'The sample rate must be a positive integer in Hz, not -1'],
  [[16_000, new Int16Array(4), 'quad'], undefined, "The layout must be 'mono' or 'stereo', not \"quad\""],
  [[16_000, new Int16Array(4)], { threshold: 1 }, 'There is no option threshold; there is thresholdDb'],
  [
    [16_000, new Int16Array(4)],
    { thresholdDb: 3 },
    'thresholdDb must be a number from -96 to 0 (dB of full scale), not 3',
  ],
  [[16_000, new Int16Array(4)], { thresholdDb: '-40' }, 'thresholdDb must be a number from -96 to 0, not "-40"'],
]

for (const [audio, options, message] of WRONG) {
  test(`refused: ${message}`, (t) => {
    const error = t.throws(() => new EnergyVad().vad(audio as EmitAudio, options as EnergyVadOptions), { any: true })
    t.true(error instanceof TypeError || error instanceof RangeError)
    t.true((error as Error).message.includes(message), (error as Error).message)
  })
}
