import { describe } from '../frames/describe.ts'
import { checkObject, wrongType } from '../stream/checks.ts'

/** What Silero VAD calls speech. Each has the meaning that it has in Silero's own `get_speech_timestamps`. */
export interface SileroVadOptions {
  /**
   * Probability from which a window of 32 ms is speech, 0 to 1; default 0.5. Speech ends below 0.15 less, but not below
   * 0.01.
   */
  threshold?: number
  /** Shorter stretches are no speech, in ms; default 250. */
  minSpeechDurationMs?: number
  /** Shorter silences within speech belong to it, in ms; default 2000. */
  minSilenceDurationMs?: number
  /** Samples of a window: 512, for this model hears 16 kHz in windows of 32 ms. Another number is an error. */
  windowSizeSamples?: number
  /** Each stretch is longer by this at both ends, as far as there is audio, in ms; default 400. */
  speechPadMs?: number
  /**
   * A longer stretch is cut in two, at its longest silence of more than 98 ms or else just there, in seconds; default
   * Infinity. Must be more than twice `speechPadMs` and a window.
   */
  maxSpeechDurationS?: number
}

/** Samples of the model's window, and their length at 16 kHz. */
const WINDOW = 512
const WINDOW_MS = 32

const DEFAULTS: Required<SileroVadOptions> = {
  threshold: 0.5,
  minSpeechDurationMs: 250,
  minSilenceDurationMs: 2000,
  windowSizeSamples: WINDOW,
  speechPadMs: 400,
  maxSpeechDurationS: Infinity,
}

/** A day: more is a mistake of unit, and exact in any number format. */
const MOST_MS = 86_400_000

/**
 * Checks the options of Silero VAD and fills in the defaults.
 *
 * @param name - where the user gave them, such as `modelOptions`; empty for the options themselves
 * @param options - as a user gave them; `undefined` for none
 * @returns all of them
 * @throws TypeError or RangeError that names the value and what it must be
 */
export function resolveSileroOptions(name: string, options: unknown = {}): Required<SileroVadOptions> {
  const given = Object.entries(checkObject(name, options, Object.keys(DEFAULTS)))
  const resolved: Required<SileroVadOptions> = { ...DEFAULTS }
  for (const [key, value] of given) {
    if (value === undefined) continue
    resolved[key as keyof SileroVadOptions] = checkOption(name === '' ? key : `${name}.${key}`, key, value)
  }
  checkLongest(name === '' ? '' : `${name}.`, resolved)
  return resolved
}

function checkOption(path: string, key: string, value: unknown): number {
  switch (key) {
    case 'threshold':
      return checkBetween(path, value, [0, 1])
    case 'windowSizeSamples':
      if (value === WINDOW) return WINDOW
      throw new RangeError(`The option ${path} must be ${WINDOW}, or left out, not ${describe(value)}`)
    case 'maxSpeechDurationS':
      return value === Infinity ? value : checkBetween(path, value, [0, MOST_MS / 1000])
    default:
      return checkBetween(path, value, [0, MOST_MS])
  }
}

function checkBetween(path: string, value: unknown, [least, most]: readonly [number, number]): number {
  if (typeof value !== 'number') throw wrongType(path, `a number from ${least} to ${most}`, value)
  if (value >= least && value <= most) return value
  throw new RangeError(`The option ${path} must be a number from ${least} to ${most}, not ${describe(value)}`)
}

function checkLongest(prefix: string, { maxSpeechDurationS, speechPadMs }: Required<SileroVadOptions>): void {
  const leastMs = WINDOW_MS + 2 * speechPadMs
  if (maxSpeechDurationS * 1000 > leastMs) return
  throw new RangeError(
    `The option ${prefix}maxSpeechDurationS must be more than ${leastMs / 1000} (twice speechPadMs and a window of ` +
      `${WINDOW_MS} ms), not ${maxSpeechDurationS}`,
  )
}
