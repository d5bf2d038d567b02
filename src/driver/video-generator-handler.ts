import type { VideoEmitType } from '../frames/emit-type.ts'
import { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { type GeneratorOf, GeneratorRun } from './generator-run.ts'

/** A generator function for `receive` mode, which gets the additional arguments and yields what the client sees. */
export type VideoEmitFunction = GeneratorOf<VideoEmitType>

/** Makes a handler of a generator function of pictures. When the generator ends, so does the stream. */
export class VideoGeneratorHandler extends StreamHandlerBase {
  readonly #fn: VideoEmitFunction
  readonly #waitsForArgs: boolean
  readonly #run: GeneratorRun<VideoEmitType>

  /**
   * @param fn - what yields
   * @param waitsForArgs - whether it is begun only when its arguments have come
   * @param fps - the most pictures a second
   */
  constructor(fn: VideoEmitFunction, waitsForArgs: boolean, fps: number) {
    super({ fps })
    this.#fn = fn
    this.#waitsForArgs = waitsForArgs
    this.#run = new GeneratorRun(fn, this, waitsForArgs)
  }

  /** @returns what the generator yields next */
  videoEmit(): Promise<VideoEmitType> {
    return this.#run.next()
  }

  override copy(): VideoGeneratorHandler {
    return new VideoGeneratorHandler(this.#fn, this.#waitsForArgs, this.fps)
  }

  override shutdown(): Promise<void> {
    return this.#run.end()
  }
}
