/** Reads a stream of bytes first by numbers of bytes, then by what comes. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #held: Uint8Array = new Uint8Array(0)

  /** @param chunks - of any length */
  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /**
   * Looks at what comes next.
   *
   * @param length - in bytes
   * @returns as many, or what there is until the end; they stay
   */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#held.length < length) {
      const next = await this.#chunks.next()
      if (next.done === true) break
      this.#held = Buffer.concat([this.#held, next.value])
    }
    return this.#held.subarray(0, length)
  }

  /**
   * Takes what comes next.
   *
   * @param length - in bytes
   * @returns as many, or what there is until the end
   */
  async take(length: number): Promise<Uint8Array> {
    const taken = await this.peek(length)
    this.#held = this.#held.subarray(taken.length)
    return taken
  }

  /**
   * Takes all that comes, as it comes.
   *
   * @param options - `limit`: bytes after which the rest is left; `multipleOf`: bytes that stay together
   * @returns chunks, none of them empty; what is too short to be a whole multiple at the end is left out
   */
  async *rest({ limit = Infinity, multipleOf = 1 }: { limit?: number; multipleOf?: number } = {}): AsyncGenerator<
    Uint8Array,
    void,
    void
  > {
    let left = limit
    for (;;) {
      const whole = Math.min(this.#held.length, left)
      const chunk = this.#held.subarray(0, whole - (whole % multipleOf))
      this.#held = this.#held.subarray(chunk.length)
      left -= chunk.length
      if (chunk.length > 0) yield chunk
      if (left < multipleOf) return
      const next = await this.#chunks.next()
      if (next.done === true) return
      this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value])
    }
  }
}
