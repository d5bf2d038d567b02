import { checkAudio } from '../frames/check-audio.ts'
import { audioToFloat32 } from '../frames/pcm.ts'
import { resample } from './resample.ts'

/** Speech as models want it. */
export interface SpeechInput {
  /** In Hz. */
  readonly sampleRate: number
  /** Mono, from -1 to 1. */
  readonly samples: Float32Array
}

/**
 * Prepares audio for a speech model: mono, and of a rate that it knows.
 *
 * @param audio - as a handler receives or emits it; not modified
 * @param rate - the rate to convert to, in Hz
 * @param options - `keepLower`: whether a rate below that stays as it is
 * @returns what to give the model
 * @throws TypeError or RangeError for what is no audio
 */
export function speechInput(
  audio: unknown,
  rate: number,
  { keepLower = false }: { keepLower?: boolean } = {},
): SpeechInput {
  const { sampleRate, samples, layout } = checkAudio(audio)
  const floats = audioToFloat32(samples)
  const mono = layout === 'stereo' ? mixDown(floats) : floats
  const to = keepLower ? Math.min(rate, sampleRate) : rate
  return { sampleRate: to, samples: resample(mono, sampleRate, to) }
}

function mixDown(samples: Float32Array): Float32Array {
  const mean = (_: unknown, i: number): number => ((samples[2 * i] as number) + (samples[2 * i + 1] as number)) / 2
  return Float32Array.from({ length: samples.length / 2 }, mean)
}
