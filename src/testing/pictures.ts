import { describe } from '../frames/describe.ts'
import type { EmitVideo } from '../frames/emit-type.ts'
import { checkInteger, checkObject } from '../stream/checks.ts'

/** Of a picture, in pixels. */
const MAX_SIDE = 4096

/** Red, green and blue, each 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number]

/** How large a {@link picture} is. */
export interface PictureSize {
  /** In pixels, even; 64 by default. */
  width?: number
  /** In pixels, even; 48 by default. */
  height?: number
}

/** A picture that a caller saw. */
export interface SeenPicture {
  /** When, in ms since the call was connected. */
  readonly atMs: number
  /** In pixels. */
  readonly width: number
  /** In pixels. */
  readonly height: number
  /** Red, green and blue of each pixel, row by row. */
  readonly data: Uint8Array
}

/**
 * A picture of one colour.
 *
 * @param colour - red, green and blue
 * @param size - 64 x 48 by default
 * @returns a picture as a handler emits it
 * @throws TypeError or RangeError naming the value that can't be
 */
export function picture(colour: Colour, size: PictureSize = {}): EmitVideo {
  checkColour(colour)
  checkObject('', size, ['width', 'height'])
  const { width = 64, height = 48 } = size
  checkInteger('width', width, [1, MAX_SIDE])
  checkInteger('height', height, [1, MAX_SIDE])
  const data = new Uint8Array(width * height * 3)
  for (let i = 0; i < data.length; i++) data[i] = colour[i % 3] as number
  return { width, height, format: 'rgb24', data }
}

/**
 * Refuses what is no colour.
 *
 * @param colour - as a test gave it
 * @throws RangeError naming it
 */
export function checkColour(colour: unknown): void {
  if (Array.isArray(colour) && colour.length === 3 && colour.every(isPart)) return
  throw new RangeError(`A colour is [red, green, blue], each 0 to 255, not ${describe(colour)}`)
}

function isPart(part: unknown): boolean {
  return typeof part === 'number' && part >= 0 && part <= 255
}

/**
 * The mean colour of what was seen.
 *
 * @param seen - a picture
 * @returns red, green and blue, in whole numbers
 */
export function meanColour({ data }: SeenPicture): Colour {
  const sums: [number, number, number] = [0, 0, 0]
  for (let i = 0; i < data.length; i++) sums[(i % 3) as 0 | 1 | 2] += data[i] as number
  const pixels = Math.max(1, data.length / 3)
  const [red, green, blue] = sums
  return [Math.round(red / pixels), Math.round(green / pixels), Math.round(blue / pixels)]
}
