import type { TestPeer } from '../native/test-peer.ts'
import { NO_TIME_MS, type VirtualClock } from './virtual-clock.ts'

// Taken before a test replaces them by fake ones.
const { setImmediate: nextTurn, setTimeout: later } = globalThis
const { performance: stopwatch } = globalThis

/** How often real time is looked at, and fake timers are told of time, in ms. */
const LOOK_MS = 5
/** How much time passes at most for something to settle, in ms. */
const SETTLE_MS = 20_000

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
  /**
   * Waits for what may need fake timers, and lets time pass for them meanwhile.
   *
   * @param promise - what is waited for
   */
  settle(promise: Promise<void>): Promise<void>
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

  settle(promise: Promise<void>): Promise<void> {
    return promise
  }
}

/** Time passes from one event of the call to the next, and the handler has its turns of the event loop in between. */
export class VirtualPace implements Pace {
  readonly #peer: TestPeer
  readonly #clock: VirtualClock
  readonly #isRealTime: boolean
  readonly #stepMs: number
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
    // A fake timer that is told of much time at once comes late, and so does the one that it sets.
    this.#stepMs = isRealTime || onTime !== undefined ? LOOK_MS : Infinity
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
      this.#step(Math.min(mostMs - passed, this.#stepMs))
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (this.#isRealTime) await sleepUntil(begun + this.#peer.nowMs - start)
    }
  }

  async settle(promise: Promise<void>): Promise<void> {
    // Without fake timers it waits for something real, or for nothing.
    let isSettled = this.#onTime === undefined
    const settle = (): void => void (isSettled = true)
    promise.then(settle, settle)
    await this.pass(SETTLE_MS, () => isSettled)
    await promise
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
