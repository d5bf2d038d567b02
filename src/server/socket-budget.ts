/** Messages a second that a far end may send for long. A page whose audio comes in quanta of 128 samples sends 375. */
const MESSAGES = 1000
/** Bytes a second that it may send for long; PCM at 48 kHz takes an eighth, as base64. */
const BYTES = 1_048_576
/** Seconds of either that may come at once, after the network or either side was held up. */
const BURST = 5

/** What one socket may still send. */
export class SocketBudget {
  #messages = MESSAGES * BURST
  #bytes = BYTES * BURST
  #at: number

  /** @param now - in ms */
  constructor(now: number) {
    this.#at = now
  }

  /**
   * Takes a message from it.
   *
   * @param bytes - how long it is
   * @param now - in ms
   * @returns whether that much was left
   */
  take(bytes: number, now: number): boolean {
    const seconds = (now - this.#at) / 1000
    this.#at = now
    this.#messages = Math.min(this.#messages + seconds * MESSAGES, MESSAGES * BURST) - 1
    this.#bytes = Math.min(this.#bytes + seconds * BYTES, BYTES * BURST) - bytes
    return this.#messages >= 0 && this.#bytes >= 0
  }
}
