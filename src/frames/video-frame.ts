/** Order of the bytes of a pixel, or of the planes: `i420` is planar YUV with halved chroma. */
export type VideoFormat = 'bgr24' | 'rgb24' | 'rgba' | 'i420'

/** A picture. Values are 0 to 255 whatever type `data` has. */
export interface VideoFrame<Data extends Uint8Array | Uint16Array | Float32Array = Uint8Array | Float32Array> {
  /** In pixels. */
  width: number
  /** In pixels. */
  height: number
  /** How `data` is laid out. */
  format: VideoFormat
  /** Row by row, without padding. */
  data: Data
  /** Seconds from the start of the stream. */
  timestamp: number
}
