import { checkPicture } from '../driver/check-picture.ts'
import { describe } from '../frames/describe.ts'
import type { EmitVideo } from '../frames/emit-type.ts'
import { checkNumbers, checkWait } from './checks.ts'

/** How {@link TestCall.show} shows pictures. */
export interface ShowOptions {
  /** Pictures a second: above 0, up to 1,000; 30 by default. */
  fps?: number
  /** For so long, from the beginning again and again; by default each is shown once. */
  seconds?: number
}

/** A picture as a camera takes it. */
export type Shot = EmitVideo & { readonly data: Uint8Array }

/** The most pictures a second that a camera shows. */
const MAX_FPS = 1000

/**
 * A picture as a camera takes it.
 *
 * @param picture - what it is shown
 * @returns the picture, in bytes
 * @throws TypeError or InvalidEmitError for what is none
 */
export function toShot(picture: EmitVideo): Shot {
  if (typeof picture !== 'object' || picture === null)
    throw new TypeError(`show() takes a picture, or a list of them, not ${describe(picture)}`)
  checkPicture(picture, 'The test')
  const { data } = picture
  if (data instanceof Uint8Array) return { ...picture, data }
  throw new TypeError(`A camera shows pictures in bytes, a Uint8Array, not ${describe(data)}`)
}

/**
 * Checks how pictures are to be shown.
 *
 * @param film - the pictures
 * @param options - how
 * @returns the options, with their defaults
 * @throws TypeError or RangeError naming the option that can't be, or when nothing would be shown
 */
export function checkShow(film: readonly EmitVideo[], options: ShowOptions): Required<ShowOptions> {
  checkNumbers(options, ['fps', 'seconds'])
  const { fps = 30 } = options
  if (!(fps > 0 && fps <= MAX_FPS)) throw new RangeError(`The option fps must be above 0, up to 1,000, not ${fps}`)
  const { seconds = film.length / fps } = options
  checkWait(seconds)
  if (film.length > 0 && Math.round(seconds * fps) > 0) return { fps, seconds }
  throw new RangeError(`There is nothing to show: ${film.length} pictures, for ${seconds} s at ${fps} a second`)
}
