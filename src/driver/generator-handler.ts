import type { EmitType } from '../frames/emit-type.ts'
import { AsyncStreamHandler } from '../handlers/async-stream-handler.ts'
import { type GeneratorOf, GeneratorRun } from './generator-run.ts'

/** A generator function for `receive` mode, which gets the additional arguments and yields what the client hears. */
export type EmitFunction = GeneratorOf<EmitType>

/** Makes a handler of a generator function. When the generator ends, so does the stream, after its audio was played. */
export class GeneratorHandler extends AsyncStreamHandler {
  readonly #fn: EmitFunction
  readonly #waitsForArgs: boolean
  readonly #run: GeneratorRun<EmitType>

  /**
   * @param fn - what yields
   * @param waitsForArgs - whether it is begun only when its arguments have come
   */
  constructor(fn: EmitFunction, waitsForArgs: boolean) {
    super()
    this.#fn = fn
    this.#waitsForArgs = waitsForArgs
    this.#run = new GeneratorRun(fn, this, waitsForArgs)
  }

  override receive(): Promise<void> {
    return Promise.resolve()
  }

  override emit(): Promise<EmitType> {
    return this.#run.next()
  }

  override copy(): GeneratorHandler {
    return new GeneratorHandler(this.#fn, this.#waitsForArgs)
  }

  override shutdown(): Promise<void> {
    return this.#run.end()
  }
}
