import type { AudioFrame } from '../frames/audio-frame.ts'
import { CloseStream } from '../frames/close-stream.ts'
import { describe } from '../frames/describe.ts'
import type { EmitType } from '../frames/emit-type.ts'
import { AsyncStreamHandler } from '../handlers/async-stream-handler.ts'
import { checkResult } from './check-result.ts'
import { endGenerator } from './end-generator.ts'
import { FrameStream } from './frame-stream.ts'

/** A function that gets a client's frames and yields what the client hears. */
export type DuplexFunction<Session> = (frames: AsyncIterable<AudioFrame>, session: Session) => AsyncIterable<EmitType>

/** Makes a handler of a duplex function. Its frames end when the client's do, and so does it. */
export class DuplexHandler<Session> extends AsyncStreamHandler {
  readonly #fn: DuplexFunction<Session>
  readonly #frames = new FrameStream()
  #session: Session | undefined
  #iterator: AsyncIterator<EmitType> | undefined
  #runs = false

  /** @param fn - what to run */
  constructor(fn: DuplexFunction<Session>) {
    super()
    this.#fn = fn
  }

  /** @param session - the function's second argument */
  bind(session: Session): void {
    this.#session = session
  }

  override receive(frame: AudioFrame): Promise<void> {
    return this.#frames.put(frame)
  }

  override async emit(): Promise<EmitType> {
    this.#iterator ??= this.#begin()
    this.#runs = true
    const result = await this.#iterator.next()
    this.#runs = false
    checkResult(result, 'what the handler function returned')
    return result.done === true ? new CloseStream() : result.value
  }

  override copy(): DuplexHandler<Session> {
    return new DuplexHandler(this.#fn)
  }

  override async shutdown(): Promise<void> {
    const isBusy = this.#runs && !this.#frames.isAwaited
    this.#frames.end()
    await endGenerator(this.#iterator, isBusy)
  }

  #begin(): AsyncIterator<EmitType> {
    const iterable: unknown = this.#fn(this.#frames, this.#session as Session)
    if (Symbol.asyncIterator in Object(iterable)) return (iterable as AsyncIterable<EmitType>)[Symbol.asyncIterator]()
    throw new TypeError(`The handler function must be an async generator function: it returned ${describe(iterable)}`)
  }
}
