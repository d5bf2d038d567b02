import { CloseStream } from '../frames/close-stream.ts'
import { describe } from '../frames/describe.ts'
import type { EmitType } from '../frames/emit-type.ts'
import { AsyncStreamHandler } from '../handlers/async-stream-handler.ts'
import { endGenerator } from './end-generator.ts'

/** A generator function for `receive` mode, which gets the additional arguments and yields what the client hears. */
export type EmitFunction = (...args: never[]) => Iterable<EmitType> | AsyncIterable<EmitType>

/** Makes a handler of a generator function. When the generator ends, so does the stream, after its audio was played. */
export class GeneratorHandler extends AsyncStreamHandler {
  readonly #fn: EmitFunction
  readonly #waitsForArgs: boolean
  #iterator: Iterator<EmitType> | AsyncIterator<EmitType> | undefined
  #runs = false

  /**
   * @param fn - what yields
   * @param waitsForArgs - whether it is begun only when its arguments have come
   */
  constructor(fn: EmitFunction, waitsForArgs: boolean) {
    super()
    this.#fn = fn
    this.#waitsForArgs = waitsForArgs
  }

  override receive(): Promise<void> {
    return Promise.resolve()
  }

  override async emit(): Promise<EmitType> {
    this.#iterator ??= await this.#begin()
    this.#runs = true
    const result = await this.#iterator.next()
    this.#runs = false
    return result.done === true ? new CloseStream() : result.value
  }

  override copy(): GeneratorHandler {
    return new GeneratorHandler(this.#fn, this.#waitsForArgs)
  }

  override async shutdown(): Promise<void> {
    await endGenerator(this.#iterator, this.#runs)
  }

  async #begin(): Promise<Iterator<EmitType> | AsyncIterator<EmitType>> {
    if (this.#waitsForArgs) await this.waitForArgs()
    const args = this.latestArgs === 'not_set' ? [] : this.latestArgs.slice(1)
    const iterable: unknown = this.#fn(...(args as never[]))
    if (Symbol.asyncIterator in Object(iterable)) return (iterable as AsyncIterable<EmitType>)[Symbol.asyncIterator]()
    if (Symbol.iterator in Object(iterable)) return (iterable as Iterable<EmitType>)[Symbol.iterator]()
    throw new TypeError(`The handler function must be a generator function: it returned ${describe(iterable)}`)
  }
}
