import type { Clock } from '../native/clock.ts'
import { EmitBudget } from './emit-budget.ts'
import type { EmitSink } from './emit-sink.ts'
import type { LoopControl } from './loop-control.ts'
import { FRAME_MS, type Ticker } from './ticker.ts'

/** Calls that may settle at once, one after the other, before the event loop gets a turn. */
const CALLS_A_TURN = 16
/** Values other than audio in a row, beyond which they count as nothing: what paces audio doesn't pace them. */
const OTHERS_IN_A_ROW = 64

/** What an emit loop calls: an asynchronous handler, or what stands for one. */
interface Emitter {
  emit(): Promise<unknown>
}

/**
 * Calls an asynchronous `emit` again whenever it has settled: while the output queue has room, and when it gave nothing at
 * once, or what it gives is dropped as fast as it comes, after 20 ms or when audio arrived.
 */
export class EmitLoop {
  readonly #handler: Emitter
  readonly #sink: EmitSink
  readonly #ticker: Ticker
  readonly #clock: Clock
  readonly #control: LoopControl
  readonly #budget: EmitBudget
  #state: 'new' | 'calling' | 'full' | 'idle' = 'new'
  #calledAt = 0
  #calls = 0
  #others = 0

  /**
   * @param handler - whose `emit`
   * @param sink - takes what it returns
   * @param ticker - says when to try again
   * @param clock - what time is
   * @param control - the driver
   */
  constructor(handler: Emitter, sink: EmitSink, ticker: Ticker, clock: Clock, control: LoopControl) {
    this.#handler = handler
    this.#sink = sink
    this.#ticker = ticker
    this.#clock = clock
    this.#control = control
    this.#budget = new EmitBudget(sink.targetMs)
  }

  /** Whether `emit` is called when the output queue has room again. */
  get waitsForRoom(): boolean {
    return this.#state === 'full'
  }

  /** Begins, after the client has connected. */
  start(): void {
    if (this.#state === 'new') this.next()
  }

  /** Audio arrived, so there may be something to emit. */
  onAudio(): void {
    if (this.#state === 'idle' && this.#control.isRunning()) this.next()
  }

  /** Called by the ticker while `emit` has nothing. */
  onTick(): void {
    if (this.#clock.now() - this.#calledAt >= FRAME_MS - 1) this.#control.inContext(this.next)
  }

  /** Calls no more. */
  stop(): void {
    this.#ticker.delete(this)
  }

  /** Calls `emit`, unless the output queue is full. */
  readonly next = (): void => {
    if (!this.#control.isRunning()) return
    if (this.#state === 'idle') this.#ticker.delete(this)
    if (this.#sink.isFull()) {
      this.#state = 'full'
      return
    }
    this.#calledAt = this.#clock.now()
    if (this.#budget.isSpent(this.#calledAt, this.#sink.writtenMs)) return this.#rest()
    this.#state = 'calling'
    this.#call()
  }

  #call(): void {
    try {
      const emitted: unknown = this.#handler.emit()
      if (emitted instanceof Promise) emitted.then(this.#emitted, this.#failed)
      else Promise.resolve(emitted).then(this.#emitted, this.#failed)
    } catch (error) {
      this.#failed(error)
    }
  }

  readonly #emitted = (value: unknown): void => {
    if (!this.#control.isRunning()) return
    const delivery = this.#sink.deliver(value)
    if (delivery === 'closed') return this.#control.halt()
    this.#others = delivery === 'other' ? this.#others + 1 : 0
    const isEmpty = delivery === 'nothing' || this.#others > OTHERS_IN_A_ROW
    if (isEmpty && this.#clock.now() - this.#calledAt < FRAME_MS) this.#rest()
    else if (++this.#calls % CALLS_A_TURN === 0) setImmediate(this.next)
    else this.next()
  }

  #rest(): void {
    if (!this.#control.isRunning()) return
    this.#state = 'idle'
    this.#ticker.add(this)
  }

  readonly #failed = (error: unknown): void => this.#control.fail(error)
}
