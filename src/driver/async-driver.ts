import type { AudioFrame } from '../frames/audio-frame.ts'
import type { AsyncStreamHandler } from '../handlers/async-stream-handler.ts'
import { Driver, type DriverParts } from './driver.ts'
import { EmitLoop } from './emit-loop.ts'

/** Calls that may settle at once, one after the other, before the event loop gets a turn. */
const CALLS_A_TURN = 16

/** Runs an asynchronous handler: its receive loop here, its emit loop beside it. */
export class AsyncDriver extends Driver<AsyncStreamHandler> {
  readonly #emitLoop: EmitLoop
  #receives = false
  #calls = 0

  /** @param parts - what is run, and for whom */
  constructor(parts: DriverParts<AsyncStreamHandler>) {
    super(parts)
    this.#emitLoop = new EmitLoop(this.handler, this.sink, this.ticker, this.clock, this.control)
  }

  override onAudio(): void {
    if (this.isRunning) this.inContext(this.#takeAudio)
  }

  override onRoom(): void {
    if (this.isRunning && this.#emitLoop.waitsForRoom) this.inContext(this.#emitLoop.next)
  }

  protected override run(): void {
    if (this.isRunning) this.#takeAudio()
    if (this.isRunning) this.#emitLoop.start()
  }

  protected override stop(): void {
    this.#emitLoop.stop()
  }

  readonly #takeAudio = (): void => {
    if (!this.#receives) this.#receiveNext()
    this.#emitLoop.onAudio()
  }

  readonly #receiveNext = (): void => {
    if (!this.isRunning) return
    const frame = this.frames.next()
    this.#receives = frame !== null
    if (frame !== null) this.#receive(frame)
  }

  #receive(frame: AudioFrame): void {
    try {
      // The callbacks are made once: a frame costs the handler's own promise and the one that follows it.
      const received: Promise<void> | undefined = this.handler.receive(frame)
      if (received instanceof Promise) received.then(this.#received, this.fail)
      else Promise.resolve(received).then(this.#received, this.fail)
    } catch (error) {
      this.fail(error)
    }
  }

  readonly #received = (): void => {
    if (++this.#calls % CALLS_A_TURN === 0) setImmediate(this.#receiveNext)
    else this.#receiveNext()
  }
}
