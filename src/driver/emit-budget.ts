import { FRAME_MS } from './ticker.ts'

/** Calls in 20 ms that are never too many, however long what they emit plays. */
const FREE_CALLS = 16
/** Calls in 20 ms that are too many, however short what they emit plays. */
const MAX_CALLS = 4096
/** So often the output queue may be filled in 20 ms. */
const FILLS = 4

/**
 * Tells an `emit` whose audio is dropped as fast as it comes, as by `clearQueue()` in each call, from one that is behind: the
 * output queue, which else paces it, has room again at once.
 */
export class EmitBudget {
  readonly #mostMs: number
  #since = -Infinity
  #writtenBefore = 0
  #calls = 0

  /** @param targetMs - how much audio may be queued before the next is asked for */
  constructor(targetMs: number) {
    this.#mostMs = FILLS * (targetMs + FRAME_MS)
  }

  /**
   * Counts a call of `emit` that is about to come.
   *
   * @param now - what time it is, in ms
   * @param writtenMs - how much audio was emitted since the session began, in ms
   * @returns whether it must wait for a later time
   */
  isSpent(now: number, writtenMs: number): boolean {
    if (now - this.#since >= FRAME_MS) {
      this.#since = now
      this.#writtenBefore = writtenMs
      this.#calls = 0
    }
    this.#calls++
    if (this.#calls <= FREE_CALLS) return false
    return this.#calls > MAX_CALLS || writtenMs - this.#writtenBefore > this.#mostMs
  }
}
