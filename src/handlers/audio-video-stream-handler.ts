import type { VideoEmitType } from '../frames/emit-type.ts'
import type { VideoFormat, VideoFrame } from '../frames/video-frame.ts'
import { StreamHandler } from './stream-handler.ts'
import { type AudioVideoHandlerOptions, checkVideoDtype, checkVideoFormat, type VideoDtype } from './video-options.ts'

/** A {@link StreamHandler} for audio and video together. */
export abstract class AudioVideoStreamHandler extends StreamHandler {
  /** Number type of the pixels that {@link videoReceive} gets. */
  readonly videoDtype: VideoDtype
  /** Order of the bytes of a pixel. */
  readonly videoFormat: VideoFormat

  /**
   * @param options - how the handler wants its audio and video
   * @throws RangeError naming the value that can't work
   */
  constructor(options: AudioVideoHandlerOptions = {}) {
    super(options)
    this.videoDtype = checkVideoDtype(options.videoDtype ?? 'uint8')
    this.videoFormat = checkVideoFormat(options.videoFormat ?? 'bgr24')
  }

  /**
   * Called with each picture of the client's video.
   *
   * @param frame - in {@link videoFormat} and {@link videoDtype}
   */
  abstract videoReceive(frame: VideoFrame): void

  /**
   * Called again and again while the session lives.
   *
   * @returns a picture, outputs, the end of the stream, or null for nothing now
   */
  abstract videoEmit(): VideoEmitType

  abstract override copy(): AudioVideoStreamHandler
}
