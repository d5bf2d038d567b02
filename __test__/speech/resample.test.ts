import test from 'ava'
import { resample } from '../../src/speech/resample.ts'

function tone(hertz: number, rate: number): Float32Array {
  return Float32Array.from({ length: rate }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hertz * n) / rate))
}

/** Of the middle half, in dB of another. */
function level(samples: Float32Array, of = 0.5 / Math.SQRT2): number {
  const middle = samples.subarray(samples.length / 4, (samples.length * 3) / 4)
  return 20 * Math.log10(Math.sqrt(middle.reduce((sum, x) => sum + x * x, 0) / middle.length) / of)
}

for (const rate of [8000, 11_025, 22_050, 24_000, 44_100, 48_000, 96_000]) {
  test(`speech of ${rate} Hz keeps its tones, length and place at 16,000 Hz`, (t) => {
    for (const hertz of [100, 1000, 3000]) {
      const result = resample(tone(hertz, rate), rate, 16_000)
      t.is(result.length, 16_000)
      const wanted = tone(hertz, 16_000)
      t.true(level(result.map((x, i) => x - (wanted[i] as number))) < -60, `${hertz} Hz`)
    }
  })
}

test('what 16,000 Hz has no room for does not come back as another tone', (t) => {
  for (const hertz of [9000, 12_000, 20_000]) {
    t.true(level(resample(tone(hertz, 48_000), 48_000, 16_000)) < -70, `${hertz} Hz`)
  }
})

test('an equal rate and no samples are left alone', (t) => {
  const samples = tone(440, 16_000)
  t.is(resample(samples, 16_000, 16_000), samples)
  t.is(resample(new Float32Array(0), 48_000, 16_000).length, 0)
})
