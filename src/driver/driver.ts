import { channelsOf } from '../frames/audio-frame.ts'
import { toWebRTCError } from '../frames/thrown.ts'
import { type HandlerContext, runInContext } from '../handlers/context.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { type Clock, realClock } from '../native/clock.ts'
import type { MediaLink } from '../native/media-link.ts'
import type { DriverClient } from './driver-client.ts'
import { EmitSink, isThenable } from './emit-sink.ts'
import { FrameReader } from './frame-reader.ts'
import type { LoopControl } from './loop-control.ts'
import type { Runner } from './runner.ts'
import { Ticker } from './ticker.ts'
import { type VideoLoops, videoLoopsOf } from './video-loops.ts'

/** What a driver needs to run a handler. */
export interface DriverParts<Handler extends StreamHandlerBase = StreamHandlerBase> {
  /** The copy made for this session. */
  handler: Handler
  /** Its media. */
  link: MediaLink
  /** Its session. */
  client: DriverClient
  /** What `getCurrentContext` returns in the handler. */
  context: HandlerContext
  /** How much emitted audio may wait before `emit` is called again, in ms. */
  outputTargetMs: number
  /** Whether emitted audio is dropped, for a client that only sends. */
  muted: boolean
  /** What emits, for errors, when that isn't a method of a class that the user wrote. */
  who?: string
}

/** Runs one handler against one session. The only code that calls handlers. */
export abstract class Driver<
  Handler extends StreamHandlerBase & { startUp?(): unknown } = StreamHandlerBase & { startUp?(): unknown },
> implements Runner {
  /** The handler that is run. */
  protected readonly handler: Handler
  /** What waits to be received. */
  protected readonly frames: FrameReader
  /** Where emitted values go. */
  protected readonly sink: EmitSink
  /** When to try again with nothing to emit. */
  protected readonly ticker: Ticker
  /** What time is. */
  protected readonly clock: Clock
  /** How loops act on this driver. */
  protected readonly control: LoopControl
  readonly #video: VideoLoops | undefined
  readonly #client: DriverClient
  readonly #context: HandlerContext
  #state: 'new' | 'running' | 'halted' | 'ended' = 'new'

  /** @param parts - what is run, and for whom */
  constructor(parts: DriverParts<Handler>) {
    const { handler, link, client, context, outputTargetMs, muted, who } = parts
    this.handler = handler
    this.clock = link.clock ?? realClock
    this.ticker = link.clock === undefined ? Ticker.shared : new Ticker(link.clock)
    this.frames = new FrameReader(link, handler.inputSampleRate, channelsOf(handler.expectedLayout))
    this.sink = new EmitSink(link, client, handler.expectedLayout, outputTargetMs, muted, who)
    this.#client = client
    this.#context = context
    this.control = {
      isRunning: () => this.isRunning,
      inContext: (fn) => this.inContext(fn),
      halt: () => this.halt(),
      fail: this.fail,
    }
    this.#video = videoLoopsOf(parts, this.control)
  }

  /** Whether the handler may be called. */
  protected get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** The client has connected: starts the handler up, then its loops, which don't wait for an asynchronous start-up. */
  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.inContext(() => {
      void this.watch(() => this.handler.startUp?.())
      this.run()
      if (this.isRunning) this.#video?.start()
    })
  }

  /** Calls the handler no more, but leaves it as it is: its session is closing. */
  halt(): void {
    if (this.#state === 'running') this.#state = 'halted'
    this.#stop()
  }

  /**
   * The session has ended: shuts the handler down, the first time that this is called.
   *
   * @returns settles when that is done, and is never rejected
   */
  end(): Promise<void> {
    if (this.#state === 'ended') return Promise.resolve()
    this.#state = 'ended'
    this.#stop()
    return this.inContext(() => this.watch(() => this.handler.shutdown()))
  }

  /** Frames may be read. */
  abstract onAudio(): void

  /** The output queue has fallen to its target. */
  abstract onRoom(): void

  /** Pictures may be read. */
  onVideo(): void {
    this.#video?.onVideo()
  }

  /** The encoder has caught up. */
  onVideoRoom(): void {
    this.#video?.onRoom()
  }

  /** Starts the loops. */
  protected abstract run(): void

  /** Lets go of timers. */
  protected abstract stop(): void

  #stop(): void {
    this.stop()
    this.#video?.stop()
  }

  /** Runs a function so that `getCurrentContext` works in it. */
  protected inContext<Result>(fn: () => Result): Result {
    return runInContext(this.#context, fn)
  }

  /** Calls a method of the handler whose failure is the session's, and settles when that is over, well or not. */
  protected async watch(call: () => unknown): Promise<void> {
    try {
      const result = call()
      if (isThenable(result)) await result
    } catch (error) {
      this.fail(error)
    }
  }

  /** The handler threw, or a promise of its rejected. */
  protected readonly fail: (error: unknown) => void = (error) => {
    const wrapped = toWebRTCError(error)
    const wasRunning = this.isRunning
    this.halt()
    if (wasRunning) this.#client.onFailure(wrapped)
    else this.#client.onComplaint(wrapped)
  }
}
