import type { Cancel, Clock } from '../native/clock.ts'

interface Timer {
  at: number
  readonly everyMs: number | undefined
  readonly call: () => void
}

/** Less than this is no time, for sums of fractions are never exact. */
export const NO_TIME_MS = 0.001

/** A clock whose owner says how late it is, and when what is due is called. */
export class VirtualClock implements Clock {
  readonly #read: () => number
  readonly #timers = new Set<Timer>()

  /** @param read - how late it is, in ms */
  constructor(read: () => number) {
    this.#read = read
  }

  /** When the next call is due; `Infinity` when none is. */
  get next(): number {
    return Math.min(Infinity, ...[...this.#timers].map(({ at }) => at))
  }

  now(): number {
    return this.#read()
  }

  after(ms: number, call: () => void): Cancel {
    return this.#add({ at: this.now() + ms, everyMs: undefined, call })
  }

  every(ms: number, call: () => void): Cancel {
    return this.#add({ at: this.now() + ms, everyMs: ms, call })
  }

  /** Calls what is due, in its order. */
  runDue(): void {
    const now = this.now() + NO_TIME_MS
    const due = [...this.#timers].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)
    for (const timer of due) {
      if (!this.#timers.has(timer)) continue
      if (timer.everyMs === undefined) this.#timers.delete(timer)
      else timer.at += timer.everyMs
      timer.call()
    }
  }

  #add(timer: Timer): Cancel {
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }
}
