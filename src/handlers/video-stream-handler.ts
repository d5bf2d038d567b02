import { describe } from '../frames/describe.ts'
import type { VideoEmitType } from '../frames/emit-type.ts'
import type { VideoFormat, VideoFrame } from '../frames/video-frame.ts'
import { checkFps } from './handler-options.ts'
import { StreamHandlerBase } from './stream-handler-base.ts'
import { checkVideoDtype, checkVideoFormat, type VideoDtype } from './video-options.ts'

/** What the pixels of a number type come in. */
export type VideoData<Dtype extends VideoDtype> = Dtype extends 'float32' ? Float32Array : Uint8Array

/**
 * Called with each picture of the client's video, and with the additional arguments; what it returns is what the client sees.
 * An asynchronous one is awaited, and called with the next picture then.
 */
export type VideoFunction<Data extends Uint8Array | Float32Array = Uint8Array> = (
  frame: VideoFrame<Data>,
  ...args: never[]
) => VideoEmitType | PromiseLike<VideoEmitType>

/** How a video function is called. Everything is optional. */
export interface VideoStreamHandlerOptions<Dtype extends VideoDtype = VideoDtype> {
  /**
   * The most pictures a second that the function is called with; 30 by default. Those beyond are skipped, and counted in the
   * session's statistics.
   */
  fps?: number
  /**
   * Whether a function that is slow is called with the newest picture, so that those that came meanwhile are skipped and
   * counted; by default (false) they wait, up to `media.video.queueFrames`, and the oldest goes when there are more.
   */
  skipFrames?: boolean
  /**
   * Whether each picture comes in the array of the one before it, so that none has to be made, and collected, for each; false by
   * default. The function must be done with `frame.data` then when what it returned has settled, and keep none of it; what it
   * returns may be that array.
   */
  reuseData?: boolean
  /** Number type of the pixels that the function gets; `'uint8'` by default. */
  videoDtype?: Dtype
  /** Order of the bytes of a pixel that the function gets; `'bgr24'` by default. */
  videoFormat?: VideoFormat
}

const NAMES = ['fps', 'skipFrames', 'reuseData', 'videoDtype', 'videoFormat']

// Assigned by the class, the only one that may touch its private fields, and kept off it so that users don't see it.
let waitForInputs: (handler: VideoStreamHandler<VideoDtype>) => void
let callsOf: (handler: VideoStreamHandler<VideoDtype>) => { fn: VideoFunction<never>; waitsForInputs: boolean }

/**
 * A video handler made of a function.
 *
 * ```ts
 * new Stream({ handler: new VideoStreamHandler(findCats, { skipFrames: true }) })
 * ```
 */
export class VideoStreamHandler<Dtype extends VideoDtype = 'uint8'> extends StreamHandlerBase {
  /** Whether a slow function gets the newest picture. */
  readonly skipFrames: boolean
  /** Whether each picture comes in the array of the one before it. */
  readonly reuseData: boolean
  /** Number type of the pixels that the function gets. */
  readonly videoDtype: VideoDtype
  /** Order of the bytes of a pixel that the function gets. */
  readonly videoFormat: VideoFormat
  readonly #fn: VideoFunction<never>
  #waitsForInputs: boolean

  /**
   * @param fn - gets a picture, and the additional arguments; one with more than one parameter isn't called before they came
   * @param options - how it is called
   * @throws TypeError or RangeError naming the value that can't work, or the option that doesn't exist
   */
  constructor(fn: VideoFunction<VideoData<Dtype>>, options: VideoStreamHandlerOptions<Dtype> = {}) {
    checkOptions(fn, options)
    const { fps = 30, skipFrames = false, reuseData = false, videoDtype = 'uint8', videoFormat = 'bgr24' } = options
    super({ fps: checkFps(fps) })
    this.skipFrames = skipFrames
    this.reuseData = reuseData
    this.videoDtype = checkVideoDtype(videoDtype)
    this.videoFormat = checkVideoFormat(videoFormat)
    this.#fn = fn
    this.#waitsForInputs = fn.length > 1
  }

  override copy(): VideoStreamHandler<Dtype> {
    const { fps, skipFrames, reuseData, videoFormat } = this
    return new VideoStreamHandler<Dtype>(this.#fn as VideoFunction<VideoData<Dtype>>, {
      fps,
      skipFrames,
      reuseData,
      videoFormat,
      videoDtype: this.videoDtype as Dtype,
    })
  }

  static {
    waitForInputs = (handler) => (handler.#waitsForInputs = true)
    callsOf = (handler) => ({ fn: handler.#fn, waitsForInputs: handler.#waitsForInputs })
  }
}

/**
 * Has a video function wait for its additional arguments.
 *
 * @param handler - of a connection whose page shows inputs
 */
export function requireInputs(handler: VideoStreamHandler<VideoDtype>): void {
  waitForInputs(handler)
}

/**
 * What a video handler calls.
 *
 * @param handler - of a connection
 * @returns the function, and whether it is called only when its additional arguments have come
 */
export function videoFunctionOf(handler: VideoStreamHandler<VideoDtype>): {
  fn: VideoFunction<never>
  waitsForInputs: boolean
} {
  return callsOf(handler)
}

function checkOptions(fn: unknown, options: unknown): void {
  if (typeof fn !== 'function') {
    throw new TypeError(`VideoStreamHandler takes a function (frame, ...args) => frame, not ${describe(fn)}`)
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(
      `The options of VideoStreamHandler must be an object, such as { fps: 15 }, not ${describe(options)}`,
    )
  }
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined)
    throw new TypeError(`VideoStreamHandler has no option ${unknown}; there are ${NAMES.join(', ')}`)
  const { skipFrames = false, reuseData = false } = options as VideoStreamHandlerOptions
  for (const [name, value] of Object.entries({ skipFrames, reuseData })) {
    if (typeof value !== 'boolean') throw new TypeError(`${name} must be true or false, not ${describe(value)}`)
  }
}
