import { TimeoutError } from '../errors.ts'
import { type Cancel, type Clock } from '../native/clock.ts'

/** How long an answer is waited for unless said otherwise, in ms: somebody waits for a reply meanwhile. */
const ANSWER_MS = 5000

/** Something that is asked or waited for, of which there is one at a time: what comes when it was cancelled isn't told. */
export class Question {
  readonly #clock: Clock
  readonly #withinMs: number
  #abort: AbortController | undefined
  #cancelTimer: Cancel | undefined

  /**
   * @param clock - what time is
   * @param withinMs - how long an answer is waited for
   */
  constructor(clock: Clock, withinMs: number = ANSWER_MS) {
    this.#clock = clock
    this.#withinMs = withinMs
  }

  /** Whether an answer is waited for. */
  get isOpen(): boolean {
    return this.#abort !== undefined
  }

  /**
   * Asks.
   *
   * @param whom - what is asked, for the error of one that does not answer
   * @param ask - asked now; the signal is aborted when nobody wants to know any more
   * @param then - is told the answer
   * @param failed - is told what `ask` threw, or was rejected with; a TimeoutError when there was no answer in time
   */
  ask<Answer>(
    whom: string,
    ask: (signal: AbortSignal) => Answer | PromiseLike<Answer>,
    then: (answer: Answer) => void,
    failed: (error: unknown) => void,
  ): void {
    this.cancel()
    const abort = new AbortController()
    this.#abort = abort
    const unlessCancelled =
      <Value>(call: (value: Value) => void) =>
      (value: Value): void => {
        if (abort.signal.aborted) return
        this.#abort = undefined
        this.#cancelTimer?.()
        this.#cancelTimer = undefined
        call(value)
      }
    this.#cancelTimer = this.#clock.after(this.#withinMs, () => {
      this.cancel()
      failed(new TimeoutError(`${whom} gave no answer within ${this.#withinMs / 1000} s`))
    })
    const answered = async (): Promise<Answer> => ask(abort.signal)
    answered().then(unlessCancelled(then)).catch(unlessCancelled(failed))
  }

  /**
   * Waits.
   *
   * @param ms - how long
   * @param then - is called when that is over
   */
  wait(ms: number, then: () => void): void {
    this.cancel()
    this.#cancelTimer = this.#clock.after(ms, then)
  }

  /** Nobody wants to know any more. */
  cancel(): void {
    this.#abort?.abort(new DOMException('The answer is no longer wanted', 'AbortError'))
    this.#abort = undefined
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
