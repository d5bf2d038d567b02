import { CloseStream } from '../frames/close-stream.ts'
import { describe } from '../frames/describe.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { checkResult } from './check-result.ts'
import { endGenerator } from './end-generator.ts'
import { isReturned } from './is-returned.ts'

/** A function that makes a generator of what it is to emit. */
export type GeneratorOf<Value> = (...args: never[]) => Iterable<Value> | AsyncIterable<Value>

/** One run of a generator function for a handler. It begins when the first value is asked for. */
export class GeneratorRun<Value> {
  readonly #fn: GeneratorOf<Value>
  readonly #handler: StreamHandlerBase
  readonly #waitsForArgs: boolean
  #iterator: Iterator<Value> | AsyncIterator<Value> | undefined
  #runs = false

  /**
   * @param fn - what yields
   * @param handler - whose arguments it gets
   * @param waitsForArgs - whether it is begun only when these have come
   */
  constructor(fn: GeneratorOf<Value>, handler: StreamHandlerBase, waitsForArgs: boolean) {
    this.#fn = fn
    this.#handler = handler
    this.#waitsForArgs = waitsForArgs
  }

  /** @returns what it yields next; the stream's end when it is over */
  async next(): Promise<Value | CloseStream> {
    this.#iterator ??= await this.#begin()
    this.#runs = true
    const result = await this.#iterator.next()
    this.#runs = false
    checkResult(result, 'what the handler function returned')
    return result.done === true ? new CloseStream() : result.value
  }

  /** Ends it, so that its `finally` runs. */
  async end(): Promise<void> {
    await endGenerator(this.#iterator, this.#runs)
  }

  async #begin(): Promise<Iterator<Value> | AsyncIterator<Value>> {
    if (this.#waitsForArgs) await this.#handler.waitForArgs()
    const { latestArgs } = this.#handler
    const args = latestArgs === 'not_set' ? [] : latestArgs.slice(1)
    const iterable: unknown = this.#fn(...(args as never[]))
    if (isReturned(iterable)) {
      throw new TypeError(
        `The handler function must be a generator function: it returned ${describe(iterable)}; yield it`,
      )
    }
    if (Symbol.asyncIterator in Object(iterable)) return (iterable as AsyncIterable<Value>)[Symbol.asyncIterator]()
    if (Symbol.iterator in Object(iterable)) return (iterable as Iterable<Value>)[Symbol.iterator]()
    throw new TypeError(`The handler function must be a generator function: it returned ${describe(iterable)}`)
  }
}
