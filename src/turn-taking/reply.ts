import { checkResult } from '../driver/check-result.ts'
import { endGenerator } from '../driver/end-generator.ts'
import { isReturned } from '../driver/is-returned.ts'
import { describe } from '../frames/describe.ts'
import { isThenable } from '../driver/emit-sink.ts'

/** What a reply is made of. */
export interface ReplyParts {
  /** What the function is, in words behind an article: `'reply function'`. */
  readonly name: string
  /** Calls the function that replies. */
  open(signal: AbortSignal): unknown
  /** It has yielded a value, which is delivered next. */
  onValue(value: unknown): void
  /** It is over, by itself: with an error when it failed. Not called after `stop()`. */
  onOver(error?: unknown): void
  /** It failed after it was stopped, with something else than the signal's reason. */
  onLateError(error: unknown): void
}

/** Never settles: an `emit` that has nothing more to give. */
const NEVER: Promise<never> = new Promise(() => undefined)

/** One run of a function that replies. Its values are taken by an emit loop, one after the other. */
export class Reply {
  readonly #parts: ReplyParts
  readonly #abort = new AbortController()
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined
  #state: 'running' | 'over' | 'stopped' = 'running'
  /** Whether the generator is at work: one that waits at a `yield` is not. */
  #isBusy = false
  /** Whether that is inside a call of its `next`, which can't be ended from within. */
  #isInside = false
  #ending: Promise<void> | undefined

  /** @param parts - what it is made of */
  constructor(parts: ReplyParts) {
    this.#parts = parts
  }

  /** Whether it has more to say, as far as is known. */
  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** @returns the next value; settles never when it is over or stopped */
  async emit(): Promise<unknown> {
    try {
      const result = await this.#next()
      if (result === undefined) return await NEVER
      if (result.done !== true) {
        this.#parts.onValue(result.value)
        return result.value
      }
      this.#finish()
    } catch (error) {
      this.#fail(error)
    }
    return NEVER
  }

  /**
   * Ends it: aborts its signal, and its `finally` runs.
   *
   * @param why - the signal's reason
   * @returns settles when it has ended, or after half a second; is never rejected
   */
  stop(why: string): Promise<void> {
    this.#state = 'stopped'
    this.#abort.abort(new DOMException(why, 'AbortError'))
    return this.#isInside ? Promise.resolve() : this.#end()
  }

  async #next(): Promise<IteratorResult<unknown> | undefined> {
    this.#iterator ??= await this.#open()
    if (this.#iterator === undefined || this.#state !== 'running') return undefined
    this.#isBusy = this.#isInside = true
    let next: unknown
    try {
      next = this.#iterator.next()
    } finally {
      this.#isInside = false
      this.#isBusy = isThenable(next)
    }
    const result = (await next) as IteratorResult<unknown>
    this.#isBusy = false
    checkResult(result, `what the ${this.#parts.name} returned`)
    if (this.#state === 'running') return result
    await this.#end()
    return undefined
  }

  async #open(): Promise<Iterator<unknown> | AsyncIterator<unknown> | undefined> {
    const iterable: unknown = await this.#parts.open(this.#abort.signal)
    const must = `The ${this.#parts.name} must be a generator function`
    if (this.#state !== 'running') return undefined
    if (isReturned(iterable)) {
      throw new TypeError(`${must}: it returned ${describe(iterable)}; yield it`)
    }
    if (Symbol.asyncIterator in Object(iterable)) return (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    if (Symbol.iterator in Object(iterable)) return (iterable as Iterable<unknown>)[Symbol.iterator]()
    throw new TypeError(`${must}: it returned ${describe(iterable)}`)
  }

  #finish(): void {
    if (this.#state !== 'running') return
    this.#state = 'over'
    this.#parts.onOver()
  }

  #fail(error: unknown): void {
    this.#isBusy = false
    if (this.#state === 'stopped') return this.#failLate(error)
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#parts.onOver(error)
  }

  #end(): Promise<void> {
    this.#ending ??= endGenerator(this.#iterator, this.#isBusy).catch((error: unknown) => this.#failLate(error))
    return this.#ending
  }

  /** What is aborted fails; that is how it is meant to end. */
  #failLate(error: unknown): void {
    const isAbort = error === this.#abort.signal.reason || Object(error).name === 'AbortError'
    if (!isAbort) this.#parts.onLateError(error)
  }
}
