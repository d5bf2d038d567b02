/** How long an address is kept for which no session has begun yet. */
const PATIENCE_MS = 10_000

/** What a name led to, and when that was last asked for. */
interface Known {
  address: string
  at: number
}

/**
 * Which address of a STUN or TURN server is used. Media engines are told apart by such addresses, and a name may lead to
 * another one with each question (round robin), so one that is in use is kept for as long as sessions run.
 */
export class ServerAddresses {
  readonly #known = new Map<string, Known>()
  readonly #isInUse: () => boolean
  readonly #now: () => number

  /**
   * @param isInUse - whether sessions run
   * @param now - a clock in milliseconds that never runs backwards
   */
  constructor(isInUse: () => boolean, now: () => number = () => performance.now()) {
    this.#isInUse = isInUse
    this.#now = now
  }

  /**
   * Picks a name's address.
   *
   * @param name - of the server
   * @param answers - the addresses that it leads to now; none when it can't be found
   * @returns the one in use, else the first; undefined for a name that can't be found and wasn't
   */
  choose(name: string, answers: readonly string[]): string | undefined {
    const known = this.#known.get(name)
    if (known !== undefined && (this.#isInUse() || this.#now() - known.at < PATIENCE_MS)) return known.address
    const [address] = answers
    if (address === undefined) this.#known.delete(name)
    else this.#known.set(name, { address, at: this.#now() })
    return address
  }
}
