import type { AudioFrame } from '../../src/index.ts'

/** A generator function for receive mode: a steady tone, in chunks of half a second. */
export function tone({ hertz = 440, sampleRate = 24_000 } = {}): () => Generator<AudioFrame> {
  return function* () {
    for (let start = 0; ; start += sampleRate / 2) {
      const sine = (_: unknown, index: number): number =>
        8_000 * Math.sin((2 * Math.PI * hertz * (start + index)) / sampleRate)
      yield [sampleRate, Int16Array.from({ length: sampleRate / 2 }, sine)]
    }
  }
}
