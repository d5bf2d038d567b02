import { SessionClosedError, TimeoutError } from '../errors.ts'
import type { AdditionalOutputs } from '../frames/additional-outputs.ts'
import type { SessionOutputs } from '../session/session-outputs.ts'

/** How long the outputs of an ended session can still be read, and how long a reader waits for a session to begin. */
const PATIENCE_MS = 10_000

/** Finds the outputs of sessions that are, that will be soon, and that were just now. */
export class OutputBoard {
  readonly #boards = new Map<string, SessionOutputs>()
  readonly #waiters = new Map<string, Set<(outputs: SessionOutputs) => void>>()

  /**
   * A session begins.
   *
   * @param id - the session's
   * @param outputs - its outputs
   */
  open(id: string, outputs: SessionOutputs): void {
    this.#boards.set(id, outputs)
    for (const wake of this.#waiters.get(id) ?? []) wake(outputs)
    this.#waiters.delete(id)
  }

  /**
   * A session has ended; what nobody has read yet can be read for some seconds.
   *
   * @param id - the session's
   * @param outputs - its outputs
   */
  close(id: string, outputs: SessionOutputs): void {
    const forget = (): void => {
      if (this.#boards.get(id) === outputs) this.#boards.delete(id)
    }
    if (outputs.size === 0) forget()
    else setTimeout(forget, PATIENCE_MS).unref()
  }

  /**
   * Outputs one after the other, until the session ends.
   *
   * @param id - the session's
   * @param signal - ends the reading when it is aborted
   * @returns them, each read by one reader only
   */
  stream(id: string, signal: AbortSignal | undefined): AsyncIterable<AdditionalOutputs> {
    return { [Symbol.asyncIterator]: () => new OutputReader(this, id, signal) }
  }

  /**
   * The next outputs of a session.
   *
   * @param id - the session's
   * @param timeoutSeconds - how long to wait for them
   * @returns them
   * @throws TimeoutError when none came in time, SessionClosedError when the session ended
   */
  async latest(id: string, timeoutSeconds: number): Promise<AdditionalOutputs> {
    const abort = new AbortController()
    const late = new TimeoutError(`No outputs of the session '${id}' came within ${timeoutSeconds} seconds`)
    const timer = setTimeout(() => abort.abort(late), timeoutSeconds * 1000)
    try {
      const outputs = await this.find(id, abort.signal, timeoutSeconds * 1000)
      const next = await outputs.next(abort.signal)
      if (next === undefined) throw new SessionClosedError(`The session '${id}' has ended, and no outputs are left`)
      return next
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Waits for a session to begin.
   *
   * @param id - the session's
   * @param signal - gives up when it is aborted
   * @param patienceMs - how long to wait; 10 s by default
   * @returns its outputs
   * @throws the signal's reason, TimeoutError after that time
   */
  find(id: string, signal: AbortSignal | undefined, patienceMs: number = PATIENCE_MS): Promise<SessionOutputs> {
    const outputs = this.#boards.get(id)
    if (outputs !== undefined) return Promise.resolve(outputs)
    return new Promise((resolve, reject) => {
      const late = new TimeoutError(`No session '${id}' began within ${patienceMs / 1000} seconds`)
      const stop = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', give)
        this.#waiters.get(id)?.delete(wake)
        if (this.#waiters.get(id)?.size === 0) this.#waiters.delete(id)
      }
      const wake = (found: SessionOutputs): void => (stop(), resolve(found))
      const fail = (error: unknown): void => (stop(), reject(error))
      const give = (): void => fail(signal?.reason)
      const timer = setTimeout(fail, patienceMs, late)
      signal?.addEventListener('abort', give, { once: true })
      this.#waiters.set(id, (this.#waiters.get(id) ?? new Set()).add(wake))
      if (signal?.aborted === true) give()
    })
  }
}

/** Reads one session's outputs. Unlike a generator, it can be left while it waits. */
class OutputReader implements AsyncIterator<AdditionalOutputs, undefined> {
  readonly #board: OutputBoard
  readonly #id: string
  readonly #abort = new AbortController()
  #outputs: SessionOutputs | undefined

  constructor(board: OutputBoard, id: string, signal: AbortSignal | undefined) {
    this.#board = board
    this.#id = id
    if (signal?.aborted === true) this.#abort.abort()
    signal?.addEventListener('abort', () => this.#abort.abort(), { once: true, signal: this.#abort.signal })
  }

  async next(): Promise<IteratorResult<AdditionalOutputs, undefined>> {
    const { signal } = this.#abort
    try {
      this.#outputs ??= await this.#board.find(this.#id, signal)
      const value = await this.#outputs.next(signal)
      if (value !== undefined) return { done: false, value }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    this.#abort.abort()
    return { done: true, value: undefined }
  }

  return(): Promise<IteratorResult<AdditionalOutputs, undefined>> {
    this.#abort.abort()
    return Promise.resolve({ done: true, value: undefined })
  }
}
