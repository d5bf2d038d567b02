import { checkObject, checkWord } from '../stream/checks.ts'
import { checkRange } from './check-range.ts'

/** When a speaker has started, and when the turn is over. Everything is optional. */
export interface AlgoOptions {
  /** Seconds over which speech is measured: the last ones at any time; 0.6 by default, 0.1 to 10. */
  audioChunkDuration?: number
  /** More seconds of speech than this in them: the speaker has started; 0.2 by default. */
  startedTalkingThreshold?: number
  /** After that, less seconds of speech than this in them: a pause; 0.1 by default. */
  speechThreshold?: number
  /** A turn that goes on for so many seconds is replied to anyway; `Infinity` by default. */
  maxContinuousSpeechS?: number
}

/**
 * Values of {@link AlgoOptions} that belong together. `'default'` waits half a second, so that nobody is cut short;
 * `'fast'` finds a pause 0.15 s after the last word, so that a reply is heard within 0.3 s, and wants a `turnDetector` that
 * tells a pause within a sentence from the end of one.
 */
export type TurnPreset = 'default' | 'fast'

const NAMES = ['audioChunkDuration', 'startedTalkingThreshold', 'speechThreshold', 'maxContinuousSpeechS']
const PRESETS: Record<TurnPreset, Required<AlgoOptions>> = {
  default: {
    audioChunkDuration: 0.6,
    startedTalkingThreshold: 0.2,
    speechThreshold: 0.1,
    maxContinuousSpeechS: Infinity,
  },
  fast: {
    audioChunkDuration: 0.25,
    startedTalkingThreshold: 0.12,
    speechThreshold: 0.1,
    maxContinuousSpeechS: Infinity,
  },
}

/**
 * Checks how turns are found.
 *
 * @param options - as a user gave them
 * @param preset - what is used where they say nothing
 * @returns the same with defaults filled in
 * @throws TypeError or RangeError naming the value that can't be used
 */
export function resolveAlgo(options: AlgoOptions = {}, preset: TurnPreset = 'default'): Required<AlgoOptions> {
  checkObject('algoOptions', options, NAMES)
  const defaults = PRESETS[checkWord('preset', preset, ['default', 'fast'])]
  const window = check(options, defaults, 'audioChunkDuration', [0.1, 10])
  const started = check(options, defaults, 'startedTalkingThreshold', [0, 10])
  const pause = check(options, defaults, 'speechThreshold', [0.001, 10])
  const most = check(options, defaults, 'maxContinuousSpeechS', [0.1, Infinity])
  if (started >= window) throw tooMuch('startedTalkingThreshold', started, 'audioChunkDuration', window)
  if (pause > Math.max(started, 0.001)) throw tooMuch('speechThreshold', pause, 'startedTalkingThreshold', started)
  return {
    audioChunkDuration: window,
    startedTalkingThreshold: started,
    speechThreshold: pause,
    maxContinuousSpeechS: most,
  }
}

function check(
  options: AlgoOptions,
  defaults: Required<AlgoOptions>,
  name: keyof AlgoOptions,
  range: readonly [number, number],
): number {
  return checkRange(`algoOptions.${name}`, options[name] ?? defaults[name], range)
}

function tooMuch(name: string, value: number, other: string, most: number): RangeError {
  const rule = other === 'audioChunkDuration' ? 'less than' : 'at most'
  return new RangeError(
    `The option algoOptions.${name} must be ${rule} algoOptions.${other} (${most}), not ${value}: all are seconds of ` +
      'speech in the same stretch of audio',
  )
}
