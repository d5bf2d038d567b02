import type { Layout } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'

/** How a handler wants its audio. Everything is optional. */
export interface HandlerOptions {
  /** Layout in which `receive` gets audio, whatever the client sends; `'mono'` by default. */
  expectedLayout?: Layout
  /** Rate at which emitted audio is sent on, in Hz: a positive multiple of 50; 24,000 by default. */
  outputSampleRate?: number
  /** @deprecated It is always `outputSampleRate / 50`, which is 20 ms; another value is ignored with a warning. */
  outputFrameSize?: number
  /** Rate at which `receive` gets audio, in Hz; 48,000 by default. */
  inputSampleRate?: number
  /** The most pictures a second of a video handler, up to 1,000: `videoEmit` is called no more often; 30 by default. */
  fps?: number
}

const NAMES = ['expectedLayout', 'outputSampleRate', 'outputFrameSize', 'inputSampleRate', 'fps']
const VIDEO_NAMES = ['videoDtype', 'videoFormat']
/** Timers count whole milliseconds. */
const MAX_FPS = 1000

/**
 * Refuses options that can't work, at construction.
 *
 * @param options - as a user gave them
 * @throws TypeError or RangeError that names the value
 */
export function checkHandlerOptions(options: HandlerOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(
      `The options of a handler must be an object, such as { inputSampleRate: 16000 }, not ${describe(options)}`,
    )
  }
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name) && !VIDEO_NAMES.includes(name))
  if (unknown !== undefined) {
    throw new TypeError(`A handler has no option ${unknown}; there are ${[...NAMES, ...VIDEO_NAMES].join(', ')}`)
  }
  const { expectedLayout = 'mono', outputSampleRate = 24000, inputSampleRate = 48000, fps = 30 } = options
  if (expectedLayout !== 'mono' && expectedLayout !== 'stereo') {
    throw new RangeError(`expectedLayout must be 'mono' or 'stereo', not ${describe(expectedLayout)}`)
  }
  if (!isPositiveInteger(outputSampleRate) || outputSampleRate % 50 !== 0) {
    throw new RangeError(`outputSampleRate must be a positive multiple of 50 (Hz), not ${describe(outputSampleRate)}`)
  }
  if (!isPositiveInteger(inputSampleRate)) {
    throw new RangeError(`inputSampleRate must be a positive integer (Hz), not ${describe(inputSampleRate)}`)
  }
  checkFps(fps)
}

/**
 * Refuses a frame rate that can't be.
 *
 * @param fps - as a user gave it
 * @returns the same
 * @throws RangeError naming it
 */
export function checkFps(fps: unknown): number {
  if (typeof fps === 'number' && fps > 0 && fps <= MAX_FPS) return fps
  throw new RangeError(`fps must be above 0 and at most 1,000, not ${describe(fps)}`)
}

function isPositiveInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}
