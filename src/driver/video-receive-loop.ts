import type { VideoFrame } from '../frames/video-frame.ts'
import { isThenable } from './emit-sink.ts'
import type { LoopControl } from './loop-control.ts'

/** What a receive loop does with pictures. */
export interface FrameCalls {
  /** @returns the picture to hand over, converted just now; undefined while there is none */
  read(): VideoFrame | undefined
  /** Calls the handler; what it returns is awaited if it can be. */
  receive(frame: VideoFrame): unknown
  /**
   * A call has settled.
   *
   * @param value - what it gave
   * @returns whether the next picture may be read; else {@link VideoReceiveLoop.resume} says when
   */
  settled(value: unknown): boolean
}

/**
 * Hands pictures to a handler, one at a time, in order: the next is read, and only then converted, when the call with the one
 * before has settled. Between two the event loop has its turn.
 */
export class VideoReceiveLoop {
  readonly #calls: FrameCalls
  readonly #control: LoopControl
  #isBusy = false

  /**
   * @param calls - what is called
   * @param control - the driver
   */
  constructor(calls: FrameCalls, control: LoopControl) {
    this.#calls = calls
    this.#control = control
  }

  /** Pictures may be read. */
  onVideo(): void {
    if (!this.#isBusy && this.#control.isRunning()) this.#control.inContext(this.#next)
  }

  /** What kept the next picture from being read is over. */
  resume(): void {
    this.#isBusy = false
    this.onVideo()
  }

  readonly #next = (): void => {
    this.#isBusy = false
    if (!this.#control.isRunning()) return
    try {
      const frame = this.#calls.read()
      if (frame === undefined) return
      this.#isBusy = true
      const result = this.#calls.receive(frame)
      if (isThenable(result)) result.then(this.#settled, this.#failed)
      else this.#settled(result)
    } catch (error) {
      this.#failed(error)
    }
  }

  readonly #settled = (value: unknown): void => {
    if (this.#control.isRunning() && this.#calls.settled(value)) setImmediate(this.#next)
  }

  readonly #failed = (error: unknown): void => this.#control.fail(error)
}
