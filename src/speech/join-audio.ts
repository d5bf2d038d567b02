import type { AudioFrame } from '../frames/audio-frame.ts'

/**
 * Joins pieces of mono audio.
 *
 * @param pieces - all of one rate
 * @param sampleRate - of the result when there are none, in Hz
 * @returns one piece
 */
export async function joinAudio(pieces: AsyncIterable<AudioFrame>, sampleRate: number): Promise<AudioFrame> {
  const all: Int16Array[] = []
  let [rate, length] = [sampleRate, 0]
  for await (const [pieceRate, samples] of pieces) {
    all.push(samples)
    rate = pieceRate
    length += samples.length
  }
  const joined = new Int16Array(length)
  let at = 0
  for (const samples of all) {
    joined.set(samples, at)
    at += samples.length
  }
  return [rate, joined]
}
