import type { EmitType, VideoEmitType } from '../frames/emit-type.ts'
import { AsyncAudioVideoStreamHandler } from '../handlers/async-audio-video-stream-handler.ts'
import { EmittedSplitter } from './emitted-splitter.ts'
import { type GeneratorOf, GeneratorRun } from './generator-run.ts'

/** A generator function for `receive` mode, which gets the additional arguments and yields what the client hears and sees. */
export type AudioVideoEmitFunction = GeneratorOf<EmitType | VideoEmitType>

/** Makes a handler of a generator function of audio and pictures. When the generator ends, so does the stream. */
export class AudioVideoGeneratorHandler extends AsyncAudioVideoStreamHandler {
  readonly #fn: AudioVideoEmitFunction
  readonly #waitsForArgs: boolean
  readonly #run: GeneratorRun<EmitType | VideoEmitType>
  readonly #splitter: EmittedSplitter

  /**
   * @param fn - what yields
   * @param waitsForArgs - whether it is begun only when its arguments have come
   * @param fps - the most pictures a second
   */
  constructor(fn: AudioVideoEmitFunction, waitsForArgs: boolean, fps: number) {
    super({ fps })
    this.#fn = fn
    this.#waitsForArgs = waitsForArgs
    this.#run = new GeneratorRun(fn, this, waitsForArgs)
    this.#splitter = new EmittedSplitter(() => this.#run.next())
  }

  override receive(): Promise<void> {
    return Promise.resolve()
  }

  override videoReceive(): Promise<void> {
    return Promise.resolve()
  }

  override emit(): Promise<EmitType> {
    return this.#splitter.take('audio') as Promise<EmitType>
  }

  override videoEmit(): Promise<VideoEmitType> {
    return this.#splitter.take('video') as Promise<VideoEmitType>
  }

  override copy(): AudioVideoGeneratorHandler {
    return new AudioVideoGeneratorHandler(this.#fn, this.#waitsForArgs, this.fps)
  }

  override shutdown(): Promise<void> {
    return this.#run.end()
  }
}
