import { loadBinding } from './binding.ts'
import { mapError } from './map-error.ts'

/** What counts as speech, as the native side names it; all in ms but `threshold`. */
export interface SpeechSearch {
  threshold: number
  minSpeechMs: number
  minSilenceMs: number
  padMs: number
  /** Left out: stretches may be of any length. */
  maxSpeechMs?: number
}

/**
 * Finds the speech in a piece of audio, off the JavaScript thread.
 *
 * @param samples - interleaved signed 16-bit PCM; copied before this returns
 * @param sampleRate - 8,000 to 192,000 Hz
 * @param channels - 1 or 2
 * @param search - what counts as speech
 * @returns the start and the end of each stretch in turn, in samples at 16 kHz
 * @throws AddonMissingError, or RangeError naming what is out of range
 */
export async function findSpeech(
  samples: Int16Array,
  sampleRate: number,
  channels: number,
  search: SpeechSearch,
): Promise<number[]> {
  const { findSpeech: find } = await loadBinding()
  try {
    return await find(samples, sampleRate, channels, search)
  } catch (error) {
    throw mapError(error)
  }
}
