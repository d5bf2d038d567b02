import { describe } from '../frames/describe.ts'
import { VIDEO_FORMATS, type VideoFormat } from '../frames/video-frame.ts'
import type { HandlerOptions } from './handler-options.ts'

/** Number type of the pixels that `videoReceive` gets. Values are 0 to 255 in either. */
export type VideoDtype = 'uint8' | 'float32'

/** How a handler of audio and video wants both. */
export interface AudioVideoHandlerOptions extends HandlerOptions {
  /** Number type of the pixels: `'uint8'` for a synchronous handler, `'float32'` for an asynchronous one, by default. */
  videoDtype?: VideoDtype
  /** Order of the bytes of a pixel; `'bgr24'` by default. */
  videoFormat?: VideoFormat
}

/**
 * Refuses a number type that doesn't exist.
 *
 * @param value - as a user gave it
 * @returns the same
 * @throws RangeError naming it
 */
export function checkVideoDtype(value: VideoDtype): VideoDtype {
  if (value === 'uint8' || value === 'float32') return value
  throw new RangeError(`videoDtype must be 'uint8' or 'float32', not ${describe(value)}`)
}

/**
 * Refuses a pixel format that doesn't exist.
 *
 * @param value - as a user gave it
 * @returns the same
 * @throws RangeError naming it
 */
export function checkVideoFormat(value: VideoFormat): VideoFormat {
  if (VIDEO_FORMATS.includes(value)) return value
  throw new RangeError(`videoFormat must be 'bgr24', 'rgb24', 'rgba' or 'i420', not ${describe(value)}`)
}
