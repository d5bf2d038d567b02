/** Chunks that are held back for one that is missing: 20 ms each. */
const MAX_HELD = 4
/** A number so far behind the one that is due is no late chunk: the provider counts anew. */
const RESTART = 50

/**
 * Puts audio that messages carry back into its order. Telnyx says that its media messages may overtake one another
 * (https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket); what comes in order never waits.
 */
export class MediaOrder {
  #due: number | undefined
  readonly #held = new Map<number, string>()

  /**
   * Takes a chunk.
   *
   * @param chunk - its number; undefined where the provider doesn't count
   * @param payload - its audio
   * @returns what may be played now, in order; nothing for a chunk that came twice or too late
   */
  take(chunk: number | undefined, payload: string): readonly string[] {
    if (chunk === undefined) return [payload]
    if (chunk === this.#due && this.#held.size === 0) {
      this.#due += 1
      return [payload]
    }
    if (this.#due === undefined || chunk < this.#due - RESTART) this.#restart(chunk)
    if (chunk < (this.#due ?? 0)) return []
    this.#held.set(chunk, payload)
    if (this.#held.size > MAX_HELD) this.#due = Math.min(...this.#held.keys())
    return this.#release()
  }

  #restart(chunk: number): void {
    this.#due = chunk
    this.#held.clear()
  }

  #release(): string[] {
    const ready: string[] = []
    for (let due = this.#due ?? 0; ; due += 1) {
      const payload = this.#held.get(due)
      this.#due = due
      if (payload === undefined) return ready
      this.#held.delete(due)
      ready.push(payload)
    }
  }
}
