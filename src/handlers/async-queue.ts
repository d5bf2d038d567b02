import { describe } from '../frames/describe.ts'

/**
 * A queue between the part of a handler that makes items and the part that awaits them, such as `receive` and `emit`.
 * Items come out in the order in which they went in, each to one taker; takers are served in the order they came.
 */
export class AsyncQueue<T> {
  readonly #maxSize: number
  #items: T[] = []
  #head = 0
  #takers: ((item: T) => void)[] = []

  /**
   * @param maxSize - most items that wait, `Infinity` by default; one more pushes the oldest out
   * @throws RangeError when it is no positive integer nor `Infinity`
   */
  constructor(maxSize: number = Infinity) {
    if (maxSize !== Infinity && !(Number.isInteger(maxSize) && maxSize > 0)) {
      throw new RangeError(`The size of a queue must be a positive integer or Infinity, not ${describe(maxSize)}`)
    }
    this.#maxSize = maxSize
  }

  /** Number of items that wait. */
  get size(): number {
    return this.#items.length - this.#head
  }

  /**
   * Appends an item, or hands it to whoever has waited longest.
   *
   * @param item - anything
   * @returns the oldest item when the queue was full and it was pushed out, else undefined
   */
  put(item: T): T | undefined {
    const taker = this.#takers.shift()
    if (taker !== undefined) {
      taker(item)
      return undefined
    }
    this.#items.push(item)
    return this.size > this.#maxSize ? this.tryGet() : undefined
  }

  /**
   * Takes the oldest item, waiting for one when there is none.
   *
   * @param options - `signal`: gives up waiting when it is aborted; then no item is lost
   * @returns the item
   * @throws the signal's reason, TypeError for a signal that is none, or one that is given without its name
   */
  get(options?: { signal?: AbortSignal }): Promise<T> {
    if (!isOptions(options)) {
      const wanted = 'The options of get() must be { signal }'
      return Promise.reject(new TypeError(`${wanted}, not ${describe(options)}`))
    }
    // As for `fetch`, a signal that is null is none.
    const signal = options?.signal ?? undefined
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      return Promise.reject(new TypeError(`The signal must be an AbortSignal, not ${describe(signal)}`))
    }
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    if (this.size > 0) return Promise.resolve(this.tryGet() as T)
    if (signal === undefined) return new Promise((resolve) => void this.#takers.push(resolve))
    return this.#getUnlessAborted(signal)
  }

  /** @returns the oldest item, taken out, or undefined when none waits */
  tryGet(): T | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head] as T
    this.#items[this.#head++] = undefined as T
    if (this.#head * 2 >= this.#items.length) this.#moveDown()
    return item
  }

  /** Drops every item that waits. Who waits for one goes on waiting. */
  clear(): void {
    this.#items = []
    this.#head = 0
  }

  /** Done now and then, so that time and memory stay in proportion to what waits. */
  #moveDown(): void {
    this.#items.copyWithin(0, this.#head)
    this.#items.length -= this.#head
    this.#head = 0
  }

  #getUnlessAborted(signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const take = (item: T): void => {
        signal.removeEventListener('abort', giveUp)
        resolve(item)
      }
      const giveUp = (): void => {
        this.#takers.splice(this.#takers.indexOf(take), 1)
        reject(signal.reason as Error)
      }
      this.#takers.push(take)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }
}

/** A signal by itself has none: ignored, it would never end the wait. */
function isOptions(options: unknown): boolean {
  if (options === undefined || options === null) return true
  return Object.prototype.toString.call(options) === '[object Object]' && isKnown(Object.keys(options))
}

function isKnown(names: readonly string[]): boolean {
  return names.every((name) => name === 'signal')
}
