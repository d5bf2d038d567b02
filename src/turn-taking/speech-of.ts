import type { SpeechChunk, VadResult } from './pause-detection-model.ts'

/** The rate that positions of speech count samples of, in Hz. */
export const SPEECH_RATE = 16_000

/**
 * The result of a search for speech.
 *
 * @param bounds - the start and the end of each stretch in turn, in samples at {@link SPEECH_RATE}
 * @returns the stretches, and how long they are in all
 */
export function speechOf(bounds: readonly number[]): VadResult {
  const chunks: SpeechChunk[] = []
  for (let i = 0; i + 1 < bounds.length; i += 2) {
    chunks.push({ start: bounds[i] as number, end: bounds[i + 1] as number })
  }
  const samples = chunks.reduce((sum, { start, end }) => sum + end - start, 0)
  return { duration: samples / SPEECH_RATE, chunks }
}
