/**
 * Says when the next picture may follow, so that there are no more than so many a second, however unevenly they come: one
 * that is early by less than a tolerance goes at once, and those behind it take that back (the generic cell rate algorithm of
 * ITU-T I.371).
 */
export class FramePacer {
  /** Between two pictures, in ms. */
  readonly intervalMs: number
  readonly #toleranceMs: number
  #dueMs = -Infinity

  /**
   * @param fps - the most pictures a second
   * @param tolerance - by how much one may be early, in intervals
   */
  constructor(fps: number, tolerance: number) {
    this.intervalMs = 1000 / fps
    this.#toleranceMs = this.intervalMs * tolerance
  }

  /** When the next picture may come at the earliest, in ms. */
  get earliestMs(): number {
    return this.#dueMs - this.#toleranceMs
  }

  /** @param atMs - when a picture came */
  take(atMs: number): void {
    this.#dueMs = Math.max(atMs, this.#dueMs) + this.intervalMs
  }
}
