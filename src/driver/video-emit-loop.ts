import type { Cancel, Clock } from '../native/clock.ts'
import { isThenable } from './emit-sink.ts'
import type { FramePacer } from './frame-pacer.ts'
import type { LoopControl } from './loop-control.ts'
import type { VideoDelivery, VideoSink } from './video-sink.ts'

/** Values other than pictures in a row, beyond which they count as nothing: the encoder doesn't pace them. */
const OTHERS_IN_A_ROW = 64
/** Less is no time: timers count whole milliseconds, and sums of fractions are never exact. */
const NO_TIME_MS = 0.5

/**
 * Calls `videoEmit` again whenever it has settled: no more often than its pictures may follow one another, not while the
 * encoder is behind, and when it gave nothing at once, after the time of a picture or when one arrived.
 */
export class VideoEmitLoop {
  readonly #emit: () => unknown
  readonly #sink: VideoSink
  readonly #pacer: FramePacer
  readonly #clock: Clock
  readonly #control: LoopControl
  #state: 'new' | 'waiting' | 'calling' | 'full' | 'idle' = 'new'
  #cancel: Cancel | undefined
  #calledAt = 0
  #others = 0

  /**
   * @param emit - the handler's `videoEmit`
   * @param sink - takes what it returns
   * @param pacer - says when the next picture may follow
   * @param clock - what time is
   * @param control - the driver
   */
  constructor(emit: () => unknown, sink: VideoSink, pacer: FramePacer, clock: Clock, control: LoopControl) {
    this.#emit = emit
    this.#sink = sink
    this.#pacer = pacer
    this.#clock = clock
    this.#control = control
  }

  /** Begins, after the client has connected. */
  start(): void {
    if (this.#state === 'new') this.#next()
  }

  /** The handler has seen a picture, so there may be something to emit. */
  onVideo(): void {
    if (this.#state !== 'idle' || !this.#control.isRunning()) return
    this.#cancel?.()
    this.#next()
  }

  /** The encoder has caught up. */
  onRoom(): void {
    if (this.#state !== 'full' || !this.#control.isRunning()) return
    this.#control.inContext(() => this.#delivered(this.#sink.flush()))
  }

  /** Calls no more. */
  stop(): void {
    this.#cancel?.()
  }

  readonly #next = (): void => {
    if (!this.#control.isRunning()) return
    const waitMs = this.#pacer.earliestMs - this.#clock.now()
    if (waitMs > NO_TIME_MS) return this.#after(waitMs, 'waiting')
    this.#state = 'calling'
    this.#calledAt = this.#clock.now()
    try {
      const emitted = this.#emit()
      if (isThenable(emitted)) emitted.then(this.#emitted, this.#failed)
      else this.#emitted(emitted)
    } catch (error) {
      this.#failed(error)
    }
  }

  #after(ms: number, state: 'waiting' | 'idle'): void {
    this.#state = state
    this.#cancel = this.#clock.after(ms, () => this.#control.inContext(this.#next))
  }

  readonly #emitted = (value: unknown): void => {
    if (this.#control.isRunning()) this.#delivered(this.#sink.deliver(value))
  }

  #delivered(delivery: VideoDelivery): void {
    if (delivery === 'closed') return this.#control.halt()
    if (delivery === 'full') {
      this.#state = 'full'
      return
    }
    if (delivery === 'video') this.#pacer.take(this.#clock.now())
    this.#others = delivery === 'other' ? this.#others + 1 : 0
    this.#goOn(delivery === 'nothing' || this.#others > OTHERS_IN_A_ROW)
  }

  #goOn(isEmpty: boolean): void {
    // A complaint about what was emitted, or a listener of outputs, may have ended the session.
    if (!this.#control.isRunning()) return
    const { intervalMs } = this.#pacer
    if (isEmpty && this.#clock.now() - this.#calledAt < intervalMs) this.#after(intervalMs, 'idle')
    else setImmediate(this.#next)
  }

  readonly #failed = (error: unknown): void => this.#control.fail(error)
}
