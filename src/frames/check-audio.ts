import { type EmitAudio, channelsOf, type Layout } from './audio-frame.ts'
import { describe } from './describe.ts'
import { audioToInt16 } from './pcm.ts'

/** Audio whose parts fit together. */
export interface CheckedAudio {
  /** In Hz. */
  readonly sampleRate: number
  /** Interleaved signed 16-bit PCM; not copied if it was that already. */
  readonly samples: Int16Array
  /** Mono unless it was said to be stereo. */
  readonly layout: Layout
}

/**
 * Whether the native side resamples audio of a rate.
 *
 * @param sampleRate - in Hz
 * @returns for 8,000 to 192,000
 */
export function isEmitRate(sampleRate: number): boolean {
  return sampleRate >= 8000 && sampleRate <= 192_000
}

/**
 * Audio as a handler receives or emits it, of any rate.
 *
 * @param audio - as a user gave it
 * @returns its parts
 * @throws TypeError for what is no audio, RangeError naming a sample rate, layout or number of samples that can't be
 */
export function checkAudio(audio: unknown): CheckedAudio {
  if (!Array.isArray(audio)) throw new TypeError(`Audio must be [sampleRate, samples], not ${describe(audio)}`)
  const [sampleRate, samples, layout = 'mono'] = audio as unknown as EmitAudio
  if (!Number.isInteger(sampleRate) || sampleRate <= 0) {
    throw new RangeError(`The sample rate must be a positive integer in Hz, not ${describe(sampleRate)}`)
  }
  if (layout !== 'mono' && layout !== 'stereo') {
    throw new RangeError(`The layout must be 'mono' or 'stereo', not ${describe(layout)}`)
  }
  const pcm = audioToInt16(samples)
  if (pcm.length % channelsOf(layout) !== 0) {
    throw new RangeError(`Stereo audio must have an even number of samples, left and right in turn, not ${pcm.length}`)
  }
  return { sampleRate, samples: pcm, layout }
}
