import type { AdditionalOutputs } from '../frames/additional-outputs.ts'
import { AsyncQueue } from '../handlers/async-queue.ts'

/** Outputs that may wait to be read; beyond it the oldest is dropped. */
const MAX_WAITING = 256

/** Outputs of one session that wait to be read, each by one reader. */
export class SessionOutputs {
  readonly #queue = new AsyncQueue<AdditionalOutputs>(MAX_WAITING)
  readonly #waits = new Set<AbortController>()
  #ended = false

  /** How many wait. */
  get size(): number {
    return this.#queue.size
  }

  /**
   * Adds outputs.
   *
   * @param outputs - what the handler emitted
   * @returns whether all that wait were kept; false when the oldest was dropped for these
   */
  put(outputs: AdditionalOutputs): boolean {
    return this.#queue.put(outputs) === undefined
  }

  /**
   * The next outputs.
   *
   * @param signal - gives up waiting when it is aborted
   * @returns them, or undefined when the session has ended and none are left
   * @throws the signal's reason
   */
  async next(signal?: AbortSignal): Promise<AdditionalOutputs | undefined> {
    signal?.throwIfAborted()
    if (this.#queue.size > 0) return this.#queue.tryGet()
    return this.#ended ? undefined : this.#wait(signal)
  }

  /** No more come; whoever waits is told. */
  end(): void {
    this.#ended = true
    for (const wait of this.#waits) wait.abort()
  }

  async #wait(signal: AbortSignal | undefined): Promise<AdditionalOutputs | undefined> {
    const wait = new AbortController()
    const giveUp = (): void => wait.abort()
    this.#waits.add(wait)
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      return await this.#queue.get({ signal: wait.signal })
    } catch {
      signal?.throwIfAborted()
      return undefined
    } finally {
      this.#waits.delete(wait)
      signal?.removeEventListener('abort', giveUp)
    }
  }
}
