import type { StreamHandler } from '../handlers/stream-handler.ts'
import { Driver } from './driver.ts'
import { isThenable } from './emit-sink.ts'

/** Frames that are received in one turn of the event loop, so that a slow handler doesn't hold up everything else. */
const FRAMES_A_TURN = 16
/** Calls of `emit` in one turn: more than fill the output queue with frames of 20 ms. */
const CALLS_A_TURN = 64

/** Runs a synchronous handler: read, receive, emit, write, without a promise in between. */
export class SyncDriver extends Driver<StreamHandler> {
  #waitsForRoom = false
  #calledSinceTick = false
  #resumes = false

  override onAudio(): void {
    if (this.isRunning && !this.#resumes) this.inContext(this.#takeAudio)
  }

  override onRoom(): void {
    if (this.isRunning && this.#waitsForRoom) this.inContext(this.#emit)
  }

  /** Called by the ticker while the handler has nothing to emit. */
  onTick(): void {
    const wasCalled = this.#calledSinceTick
    this.#calledSinceTick = false
    if (!wasCalled) this.inContext(this.#emit)
  }

  protected override run(): void {
    if (this.isRunning) this.#takeAudio()
    if (this.isRunning) this.#emit()
  }

  protected override stop(): void {
    this.ticker.delete(this)
  }

  readonly #takeAudio = (): void => {
    for (let taken = 0; taken < FRAMES_A_TURN; taken++) {
      const frame = this.frames.next()
      if (frame === null) return
      try {
        const result: unknown = this.handler.receive(frame)
        if (isThenable(result)) result.then(undefined, this.fail)
      } catch (error) {
        this.fail(error)
      }
      if (this.isRunning) this.#emit()
      if (!this.isRunning) return
    }
    this.#resumes = true
    setImmediate(this.#resume)
  }

  readonly #resume = (): void => {
    this.#resumes = false
    this.onAudio()
  }

  /** Calls `emit` until it has nothing, or the output queue is full, or it is somebody else's turn. */
  readonly #emit = (): void => {
    this.#waitsForRoom = false
    this.#calledSinceTick = true
    for (let calls = 0; calls < CALLS_A_TURN; calls++) {
      if (this.sink.isFull()) {
        this.#waitsForRoom = true
        return this.ticker.delete(this)
      }
      if (!this.#emitOnce()) break
    }
    if (this.isRunning) this.ticker.add(this)
  }

  /** @returns whether to call again at once */
  #emitOnce(): boolean {
    try {
      const value: unknown = this.handler.emit()
      if (isThenable(value)) value.then(undefined, this.fail)
      const delivery = this.sink.deliver(value)
      if (delivery === 'closed') this.halt()
      return delivery === 'audio' || delivery === 'other'
    } catch (error) {
      this.fail(error)
      return false
    }
  }
}
