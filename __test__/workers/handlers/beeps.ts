import type { AudioFrame } from '../../../src/index.ts'

/** A second of 440 Hz, for mode 'receive'. */
export default function* beeps(): Generator<AudioFrame> {
  for (let i = 0; i < 10; i++) {
    const samples = Int16Array.from({ length: 2400 }, (_, n) => 8000 * Math.sin((2 * Math.PI * 440 * n) / 24_000))
    yield [24_000, samples]
  }
}
