/** Order of the bytes of a pixel, or of the planes: `i420` is planar YUV with halved chroma. */
export type VideoFormat = 'bgr24' | 'rgb24' | 'rgba' | 'i420'

/** All of {@link VideoFormat}. */
export const VIDEO_FORMATS: readonly VideoFormat[] = ['bgr24', 'rgb24', 'rgba', 'i420']

/** A picture. Values are 0 to 255 whatever type `data` has. */
export interface VideoFrame<Data extends Uint8Array | Uint16Array | Float32Array = Uint8Array | Float32Array> {
  /** In pixels. */
  width: number
  /** In pixels. */
  height: number
  /** How `data` is laid out. */
  format: VideoFormat
  /**
   * Row by row, without padding: `width * height` times 3 values (`bgr24`, `rgb24`) or 4 (`rgba`). Of `i420` the planes Y, U
   * and V, one after the other; U and V have half the width and half the height, rounded up.
   */
  data: Data
  /** Seconds from the start of the stream. */
  timestamp: number
}

/**
 * Length of a picture's data.
 *
 * @param format - how it is laid out
 * @param width - in pixels
 * @param height - in pixels
 * @returns values, whatever their type
 */
export function valuesOf(format: VideoFormat, width: number, height: number): number {
  if (format === 'i420') return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2)
  return width * height * (format === 'rgba' ? 4 : 3)
}
