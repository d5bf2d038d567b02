import { InvalidEmitError } from '../errors.ts'
import { describe } from '../frames/describe.ts'
import type { EmitVideo } from '../frames/emit-type.ts'
import { isDetached } from '../frames/is-detached.ts'
import { valuesOf, VIDEO_FORMATS } from '../frames/video-frame.ts'

/** Pixels of a side. */
const MAX_SIDE = 4096

/**
 * Refuses a picture that can't be encoded.
 *
 * @param value - as a handler emitted it
 * @param who - what emitted it, such as `videoEmit()`
 * @throws InvalidEmitError that says what is wrong, and what to do
 */
export function checkPicture(value: object, who: string): asserts value is EmitVideo {
  const { width, height, format, data, timestamp } = value as Partial<EmitVideo>
  checkSize(width, height, who)
  const known = VIDEO_FORMATS.find((each) => each === format)
  if (known === undefined) {
    throw new InvalidEmitError(
      `${who} gave a picture in the format ${describe(format)}; it must be 'bgr24', 'rgb24', 'rgba' or 'i420'`,
    )
  }
  checkData(data, valuesOf(known, Number(width), Number(height)), `${width} x ${height} in ${known}`, who)
  if (timestamp === undefined || Number.isFinite(timestamp)) return
  throw new InvalidEmitError(
    `${who} gave a picture with the timestamp ${describe(timestamp)}; it must be seconds, or be left out`,
  )
}

function checkSize(width: unknown, height: unknown, who: string): void {
  const what = `${who} gave a picture of ${describe(width)} x ${describe(height)}`
  if (!isSide(width) || !isSide(height)) {
    throw new InvalidEmitError(`${what}; width and height must be integers from 2 to ${MAX_SIDE}`)
  }
  if (width % 2 === 0 && height % 2 === 0) return
  const [even, high] = [width - (width % 2), height - (height % 2)]
  throw new InvalidEmitError(`${what}; width and height must be even: crop it to ${even} x ${high}`)
}

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 2 && value <= MAX_SIDE
}

function checkData(data: unknown, values: number, what: string, who: string): void {
  const isPixels = data instanceof Uint8Array || data instanceof Uint16Array || data instanceof Float32Array
  if (!isPixels) {
    const hint = data instanceof Uint8ClampedArray ? ', such as new Uint8Array(data.buffer) of a canvas' : ''
    throw new InvalidEmitError(
      `${who} gave the data of a picture as ${describe(data)}; it must be a Uint8Array, Uint16Array or Float32Array${hint}`,
    )
  }
  if (data.length === values) return
  if (data.length === 0 && isDetached(data)) {
    throw new InvalidEmitError(
      `${who} gave a picture whose memory was transferred away, such as to a worker; emit a copy of it`,
    )
  }
  throw new InvalidEmitError(`${who} gave ${data.length} values for a picture of ${what}; it must have ${values}`)
}
