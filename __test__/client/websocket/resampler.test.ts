import test from 'ava'
import { Resampler } from '../../../src/client/websocket/resampler.ts'

/** A tone of half of full scale. */
function tone(hertz: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: rate * seconds }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hertz * n) / rate))
}

/** Resamples in chunks of changing length, as they come from a network. */
function inPieces(resampler: Resampler, samples: Float32Array): Float32Array {
  const out: number[] = []
  for (let at = 0, length = 1; at < samples.length; at += length, length = (length * 7 + 3) % 1000) {
    out.push(...resampler.process(samples.subarray(at, at + length)))
  }
  return Float32Array.from(out)
}

/** How far the middle of it is from a tone of this frequency, at its best phase and amplitude; and that amplitude. */
function compare(samples: Float32Array, hertz: number, rate: number): { amplitude: number; errorDb: number } {
  const middle = samples.subarray(rate / 10, rate / 2)
  const angle = (n: number): number => (2 * Math.PI * hertz * n) / rate
  const sums = middle.reduce(
    ([sine, cosine], sample, n): [number, number] => [
      sine + sample * Math.sin(angle(n)),
      cosine + sample * Math.cos(angle(n)),
    ],
    [0, 0] as [number, number],
  )
  const [a, b] = sums.map((sum) => (2 * sum) / middle.length) as [number, number]
  const error = middle.map((sample, n) => sample - a * Math.sin(angle(n)) - b * Math.cos(angle(n)))
  const amplitude = Math.hypot(a, b)
  return { amplitude, errorDb: 20 * Math.log10((Math.SQRT2 * Math.sqrt(meanSquare(error))) / amplitude) }
}

function meanSquare(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
}

for (const [from, to] of [
  [48_000, 24_000],
  [44_100, 24_000],
  [24_000, 48_000],
  [24_000, 44_100],
  [16_000, 48_000],
  [47_999, 24_000],
] as const) {
  test(`tones stay what they are from ${from} to ${to} Hz`, (t) => {
    for (const hertz of [100, 1000, 7000]) {
      const { amplitude, errorDb } = compare(inPieces(new Resampler(from, to), tone(hertz, from, 1)), hertz, to)
      t.true(Math.abs(amplitude - 0.5) < 0.005, `${hertz} Hz has ${amplitude}`)
      // Rates without a small common divisor get the nearest of 512 places: still 50 dB.
      t.true(errorDb < (from === 47_999 ? -45 : -65), `${hertz} Hz with ${errorDb.toFixed(0)} dB beside it`)
    }
  })
}

test('what a lower rate cannot hold is left out, and does not come back as another tone', (t) => {
  const out = inPieces(new Resampler(48_000, 24_000), tone(13_500, 48_000, 1))
  const level = Math.sqrt(meanSquare(out.subarray(2400))) / (0.5 * Math.SQRT1_2)
  t.true(20 * Math.log10(level) < -60, `${20 * Math.log10(level)} dB`)
})

test('a second stays a second, in whatever pieces it comes', (t) => {
  for (const [from, to] of [
    [44_100, 24_000],
    [24_000, 44_100],
  ] as const) {
    const out = inPieces(new Resampler(from, to), new Float32Array(from))
    // A kernel's half is still to come.
    t.true(out.length <= to && out.length > to - 60, `${out.length} samples`)
  }
})

test('the same rate passes samples through as they are', (t) => {
  const samples = tone(440, 48_000, 0.1)
  t.is(new Resampler(48_000, 48_000).process(samples), samples)
})
