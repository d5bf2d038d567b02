/** A flag that can be waited for, as Python's `asyncio.Event`. */
export class AsyncEvent {
  #isSet = false
  #waiters: (() => void)[] = []

  /** Whether the flag is up. */
  get isSet(): boolean {
    return this.#isSet
  }

  /** Puts the flag up, and wakes all who wait. */
  set(): void {
    this.#isSet = true
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** Takes the flag down; who waits from now on waits for the next {@link set}. */
  clear(): void {
    this.#isSet = false
  }

  /** @returns a promise that resolves when the flag is up: at once when it is up already */
  wait(): Promise<void> {
    if (this.#isSet) return Promise.resolve()
    return new Promise((resolve) => void this.#waiters.push(resolve))
  }
}
