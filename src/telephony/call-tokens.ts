import { createHash, randomBytes } from 'node:crypto'

/** Tokens that may be out at once; beyond it the oldest goes. Each is a call that rings or is greeted now. */
const MAX_TOKENS = 10_000

/** One-time tokens: who connects a call's media shows the one that its markup held, and gets what was kept for it. */
export class CallTokens<Kept> {
  // By their hash, so that the time of a look-up tells nothing about a token that is right.
  readonly #kept = new Map<string, { readonly kept: Kept; readonly untilMs: number }>()
  readonly #now: () => number

  /** @param now - the time in ms, which never runs backwards */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** How many are kept; some that have expired may be among them. */
  get size(): number {
    return this.#kept.size
  }

  /**
   * Makes a token of 128 random bits.
   *
   * @param kept - what it stands for
   * @param seconds - how long it holds
   * @returns 22 letters, digits, `-` and `_`
   */
  issue(kept: Kept, seconds: number): string {
    this.#forgetOld()
    const token = randomBytes(16).toString('base64url')
    this.#kept.set(hashOf(token), { kept, untilMs: this.#now() + seconds * 1000 })
    return token
  }

  /**
   * Takes a token back. It doesn't hold a second time.
   *
   * @param token - as it came
   * @returns what it stands for; undefined when it is wrong, was used before or has expired
   */
  redeem(token: string): Kept | undefined {
    const hash = hashOf(token)
    const entry = this.#kept.get(hash)
    this.#kept.delete(hash)
    return entry !== undefined && this.#now() <= entry.untilMs ? entry.kept : undefined
  }

  /** Looks no further than to the first that still holds: those behind it are newer, and there is a bound. */
  #forgetOld(): void {
    const now = this.#now()
    for (const [hash, { untilMs }] of this.#kept) {
      if (untilMs >= now && this.#kept.size < MAX_TOKENS) return
      this.#kept.delete(hash)
    }
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
