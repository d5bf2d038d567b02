/**
 * Pieces of PCM, one behind the other.
 *
 * @param pieces - interleaved alike
 * @returns a new array
 */
export function join(pieces: readonly Int16Array[]): Int16Array {
  const joined = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/**
 * One channel of interleaved PCM, as models of speech want it: the average of them.
 *
 * @param samples - interleaved; not modified
 * @param channels - 1 or 2
 * @returns the same array when there is one channel, else a new one
 */
export function toMono(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples
  const mono = new Int16Array(samples.length / channels)
  for (let i = 0; i < mono.length; i++) {
    mono[i] = ((samples[2 * i] as number) + (samples[2 * i + 1] as number)) / 2
  }
  return mono
}
