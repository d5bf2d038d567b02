import { readFileSync } from 'node:fs'
import { readWav } from '../audio-files/read-wav.ts'
import type { EmitAudio } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'
import { checkNumber, checkNumbers } from './checks.ts'

/** Rate of the sounds that are made here, in Hz. */
const SAMPLE_RATE = 48_000
/** Of a sound that is made here: an hour, of 346 MB. */
const MAX_SECONDS = 3600

/** How a {@link tone} sounds. */
export interface ToneOptions {
  /** How long: 0 to 3,600, by default 1. */
  seconds?: number
  /** Its root mean square in dB of full scale: -60 to -3, by default -15. */
  loudness?: number
}

/**
 * A steady tone.
 *
 * @param hertz - its frequency: above 0, up to 20,000
 * @param options - how long and how loud
 * @returns mono audio at 48 kHz, as a handler emits it
 * @throws TypeError or RangeError naming the value that can't be
 */
export function tone(hertz: number, options: ToneOptions = {}): EmitAudio {
  checkNumbers(options, ['seconds', 'loudness'])
  const { seconds = 1, loudness = -15 } = options
  checkNumber('hertz', hertz)
  if (!(hertz > 0 && hertz <= 20_000)) throw new RangeError(`A tone must have up to 20,000 Hz, not ${describe(hertz)}`)
  if (!(loudness >= -60 && loudness <= -3)) {
    throw new RangeError(`The loudness must be from -60 to -3 dB, not ${describe(loudness)}`)
  }
  const amplitude = 32_767 * Math.SQRT2 * 10 ** (loudness / 20)
  const sine = (_: unknown, n: number): number => amplitude * Math.sin((2 * Math.PI * hertz * n) / SAMPLE_RATE)
  return [SAMPLE_RATE, Int16Array.from({ length: sampleCount(seconds) }, sine), 'mono']
}

/**
 * Nothing to be heard.
 *
 * @param seconds - how long: 0 to 3,600
 * @returns mono audio at 48 kHz, as a handler emits it
 * @throws RangeError for what is no length
 */
export function silence(seconds: number): EmitAudio {
  return [SAMPLE_RATE, new Int16Array(sampleCount(seconds)), 'mono']
}

/**
 * Recorded speech.
 *
 * @param wav - path of a WAV file (16-bit PCM, any rate, mono or stereo), or its bytes
 * @returns its audio, as a handler emits it
 * @throws TypeError for what is no such file, and the file system's errors
 */
export function speech(wav: string | URL | Uint8Array): EmitAudio {
  if (wav instanceof Uint8Array) return readWav(wav)
  if (typeof wav === 'string' || wav instanceof URL) return readWav(readFileSync(wav))
  throw new TypeError(`Speech is a WAV file, by its path or its bytes, not ${describe(wav)}`)
}

function sampleCount(seconds: number): number {
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_SECONDS) return Math.round(seconds * SAMPLE_RATE)
  throw new RangeError(`A sound lasts a number of seconds, from 0 to 3,600, not ${describe(seconds)}`)
}
