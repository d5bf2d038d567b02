import type { TestPeer } from '../native/test-peer.ts'
import { NO_TIME_MS, type VirtualClock } from './virtual-clock.ts'

// Taken before a test replaces them by fake ones.
const { setImmediate: nextTurn, setTimeout: later } = globalThis
const { performance: stopwatch } = globalThis

/** How often real time is looked at, in ms. */
const LOOK_MS = 5

/** How the time of a call passes. */
export interface Pace {
  /**
   * Lets time pass until something is so.
   *
   * @param mostMs - so long at most
   * @param isSo - looked at again and again
   * @returns whether it is so
   */
  pass(mostMs: number, isSo: () => boolean): Promise<boolean>
}

/** Time passes by itself, as over real UDP. */
export class RealPace implements Pace {
  async pass(mostMs: number, isSo: () => boolean): Promise<boolean> {
    const end = stopwatch.now() + mostMs
    for (;;) {
      if (isSo()) return true
      const left = end - stopwatch.now()
      if (left <= 0) return false
      // oxlint-disable-next-line no-await-in-loop -- time passes here
      await sleep(Math.min(left, LOOK_MS))
    }
  }
}

/** Time passes from one event of the call to the next, and the handler has its turns of the event loop in between. */
export class VirtualPace implements Pace {
  readonly #peer: TestPeer
  readonly #clock: VirtualClock
  readonly #isRealTime: boolean
  readonly #onTime: ((ms: number) => void) | undefined
  #told = 0

  /**
   * @param peer - whose time it is
   * @param clock - with the session's timers
   * @param isRealTime - whether it waits until the real clock has come as far
   * @param onTime - is told how many whole ms have passed
   */
  constructor(peer: TestPeer, clock: VirtualClock, isRealTime: boolean, onTime?: (ms: number) => void) {
    this.#peer = peer
    this.#clock = clock
    this.#isRealTime = isRealTime
    this.#onTime = onTime
  }

  async pass(mostMs: number, isSo: () => boolean): Promise<boolean> {
    const start = this.#peer.nowMs
    const begun = stopwatch.now()
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- the handler's turns
      await turns()
      if (isSo()) return true
      const passed = this.#peer.nowMs - start
      if (passed >= mostMs - NO_TIME_MS) return false
      this.#step(Math.min(mostMs - passed, this.#isRealTime ? LOOK_MS : Infinity))
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (this.#isRealTime) await sleepUntil(begun + this.#peer.nowMs - start)
    }
  }

  #step(mostMs: number): void {
    const before = this.#peer.nowMs
    this.#peer.advance(Math.min(mostMs, Math.max(0, this.#clock.next - before)))
    this.#clock.runDue()
    const whole = Math.floor(this.#peer.nowMs)
    if (whole > this.#told) this.#onTime?.(whole - this.#told)
    this.#told = whole
  }
}

/** Two turns of the event loop: what a handler had waiting is done, and what came of it. */
async function turns(): Promise<void> {
  await new Promise<void>((resolve) => void nextTurn(resolve))
  await new Promise<void>((resolve) => void nextTurn(resolve))
}

async function sleepUntil(at: number): Promise<void> {
  const left = at - stopwatch.now()
  if (left > 0) await sleep(left)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void later(resolve, ms))
}
