import type { VideoFrame } from '../frames/video-frame.ts'
import { type VideoFunction, videoFunctionOf, type VideoStreamHandler } from '../handlers/video-stream-handler.ts'
import type { VideoDtype } from '../handlers/video-options.ts'
import type { MediaLink } from '../native/media-link.ts'
import { FramePacer } from './frame-pacer.ts'
import type { LoopControl } from './loop-control.ts'
import { VideoReceiveLoop } from './video-receive-loop.ts'
import type { VideoDelivery, VideoSink } from './video-sink.ts'

/** By how much a picture may be early, in intervals: a camera's steps differ, and none is skipped for that. */
const EARLY = 1

/** Calls a video function with each picture, and sends what it returns before the next is read. */
export class VideoFunctionLoop {
  readonly #handler: VideoStreamHandler<VideoDtype>
  readonly #fn: VideoFunction<never>
  readonly #link: MediaLink
  readonly #sink: VideoSink
  readonly #control: LoopControl
  readonly #pacer: FramePacer
  readonly #loop: VideoReceiveLoop
  #waitsForInputs: boolean
  /** What the next picture comes in. */
  #data: VideoFrame['data'] | undefined

  /**
   * @param handler - with the function
   * @param link - where pictures wait
   * @param sink - takes what the function returns
   * @param control - the driver
   */
  constructor(handler: VideoStreamHandler<VideoDtype>, link: MediaLink, sink: VideoSink, control: LoopControl) {
    this.#handler = handler
    this.#link = link
    this.#sink = sink
    this.#control = control
    this.#pacer = new FramePacer(handler.fps, EARLY)
    const { fn, waitsForInputs } = videoFunctionOf(handler)
    this.#fn = fn
    this.#waitsForInputs = waitsForInputs
    const calls = {
      read: this.#read,
      receive: this.#call,
      settled: (value: unknown) => this.#goesOn(sink.deliver(value)),
    }
    this.#loop = new VideoReceiveLoop(calls, control)
  }

  /** Begins, after the client has connected; without the additional arguments that are wanted, when they have come. */
  start(): void {
    if (this.#waitsForInputs) void this.#begin()
    else this.onVideo()
  }

  /** Does nothing: it has no timers. */
  stop(): void {
    return undefined
  }

  /** Pictures may be read. */
  onVideo(): void {
    if (!this.#waitsForInputs) this.#loop.onVideo()
  }

  /** The encoder has caught up. */
  onRoom(): void {
    if (!this.#sink.isWaiting || !this.#control.isRunning()) return
    this.#control.inContext(() => {
      if (this.#goesOn(this.#sink.flush())) this.#loop.resume()
    })
  }

  async #begin(): Promise<void> {
    try {
      await this.#handler.waitForArgs()
      this.#waitsForInputs = false
      this.onVideo()
    } catch (error) {
      this.#control.fail(error)
    }
  }

  readonly #read = (): VideoFrame | undefined => {
    const { videoFormat, videoDtype, reuseData } = this.#handler
    const from = Math.max(0, this.#pacer.earliestMs / 1000)
    const frame = this.#link.readVideo(videoFormat, videoDtype, from, this.#data)
    if (frame === undefined) return undefined
    this.#pacer.take(frame.timestamp * 1000)
    // The next is read when this one has been answered, and the answer is with the encoder.
    if (reuseData) this.#data = frame.data
    return frame
  }

  readonly #call = (frame: VideoFrame): unknown => {
    const { latestArgs } = this.#handler
    const args = latestArgs === 'not_set' ? [] : latestArgs.slice(1)
    return this.#fn(frame as never, ...(args as never[]))
  }

  #goesOn(delivery: VideoDelivery): boolean {
    if (delivery === 'closed') this.#control.halt()
    return delivery !== 'closed' && delivery !== 'full'
  }
}
