import { type Cancel, type Clock, realClock } from '../native/clock.ts'

/** A frame, the shortest time between two calls that have nothing to do. */
export const FRAME_MS = 20

/** What a {@link Ticker} calls. */
export interface Ticked {
  /** Another 20 ms have passed. */
  onTick(): void
}

/** One timer for all handlers of a thread that have nothing to emit just now. It runs only while there are any. */
export class Ticker {
  /** The one of this thread. */
  static readonly shared: Ticker = new Ticker()

  readonly #clock: Clock
  readonly #waiting = new Set<Ticked>()
  #cancel: Cancel | undefined

  /** @param clock - what time is; real by default */
  constructor(clock: Clock = realClock) {
    this.#clock = clock
  }

  /**
   * Calls a handler's driver every 20 ms from now on.
   *
   * @param driver - which; one that is called already isn't called twice
   */
  add(driver: Ticked): void {
    this.#waiting.add(driver)
    this.#cancel ??= this.#clock.every(FRAME_MS, this.#tick)
  }

  /** @param driver - whom to call no more */
  delete(driver: Ticked): void {
    this.#waiting.delete(driver)
    if (this.#waiting.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  readonly #tick = (): void => {
    for (const driver of this.#waiting) driver.onTick()
  }
}
