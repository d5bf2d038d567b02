import type { AudioFrame } from '../frames/audio-frame.ts'

const ENDED: IteratorResult<AudioFrame, undefined> = { done: true, value: undefined }

/**
 * Received frames as an async iterable, handed over one by one when they are asked for. Leaving a `for await` loop doesn't
 * end it: another loop goes on with the next frame.
 */
export class FrameStream implements AsyncIterableIterator<AudioFrame, undefined> {
  #frame: AudioFrame | undefined
  #taken: (() => void) | undefined
  #takers: ((result: IteratorResult<AudioFrame, undefined>) => void)[] = []
  #ended = false

  /** Whether somebody waits for a frame. */
  get isAwaited(): boolean {
    return this.#takers.length > 0
  }

  /**
   * Hands over a frame.
   *
   * @param frame - the next one
   * @returns when it was taken
   */
  put(frame: AudioFrame): Promise<void> {
    const taker = this.#takers.shift()
    if (taker !== undefined) {
      taker({ done: false, value: frame })
      return Promise.resolve()
    }
    this.#frame = frame
    return new Promise((resolve) => (this.#taken = resolve))
  }

  /** No more frames come; whoever waits for one is told. */
  end(): void {
    this.#ended = true
    this.#frame = undefined
    for (const taker of this.#takers.splice(0)) taker(ENDED)
  }

  next(): Promise<IteratorResult<AudioFrame, undefined>> {
    if (this.#frame !== undefined) return Promise.resolve({ done: false, value: this.#take(this.#frame) })
    if (this.#ended) return Promise.resolve(ENDED)
    return new Promise((resolve) => void this.#takers.push(resolve))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #take(frame: AudioFrame): AudioFrame {
    this.#frame = undefined
    this.#taken?.()
    return frame
  }
}
