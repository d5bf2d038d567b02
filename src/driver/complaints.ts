import { InvalidEmitError, SessionClosedError } from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'
import type { Clock } from '../native/clock.ts'
import type { DriverClient } from './driver-client.ts'

/** Complaints that are told as they come; those after them, one a second. */
const FIRST = 16
const EVERY_MS = 1000
/** Complaints that are remembered, and not told again. */
const REMEMBERED = 16

/**
 * Tells of what a handler emitted and can't be, which may be so fifty times a second: the same is told once, and what has
 * another text each time once a second.
 */
export class Complaints {
  readonly #client: DriverClient
  readonly #clock: Clock
  readonly #texts = new Set<string>()
  #told = 0
  #toldAt = 0

  /**
   * @param client - is told
   * @param clock - what time is
   */
  constructor(client: DriverClient, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /**
   * Takes what was thrown while an emitted value was delivered.
   *
   * @param error - anything
   * @param who - what emitted it, such as `emit()`
   * @returns what became of the value
   */
  take(error: unknown, who: string): 'closed' | 'nothing' {
    // The media thread knows of the end before its event comes: what was emitted meanwhile is nobody's mistake.
    if (error instanceof SessionClosedError) return 'closed'
    // A value that throws while it is looked at, such as a proxy, may throw anything.
    const complaint =
      error instanceof Error ? error : new InvalidEmitError(`${who} gave a value that throws: ${messageOf(error)}`)
    this.tell(complaint)
    return 'nothing'
  }

  /** @param complaint - told, unless the same was told lately, or too many others were */
  tell(complaint: Error): void {
    const now = this.#clock.now()
    const isTooMany = this.#told >= FIRST && now - this.#toldAt < EVERY_MS
    if (isTooMany || this.#texts.has(complaint.message)) return
    this.#told++
    this.#toldAt = now
    this.#remember(complaint.message)
    this.#client.onComplaint(complaint)
  }

  #remember(text: string): void {
    const [oldest] = this.#texts
    if (oldest !== undefined && this.#texts.size === REMEMBERED) this.#texts.delete(oldest)
    this.#texts.add(text)
  }
}
