import { InvalidEmitError, SessionClosedError } from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'
import type { DriverClient } from './driver-client.ts'

/** Tells of what a handler emitted and can't be. The same is told once in a row: it may be so fifty times a second. */
export class Complaints {
  readonly #client: DriverClient
  #last = ''

  /** @param client - is told */
  constructor(client: DriverClient) {
    this.#client = client
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
    if (complaint.message !== this.#last) this.#client.onComplaint(complaint)
    this.#last = complaint.message
    return 'nothing'
  }
}
