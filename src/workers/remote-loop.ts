import { OtherThreadError } from '../errors.ts'
import { EventLoop } from '../handlers/event-loop.ts'

/** The event loop of a handler on another thread, as the main thread sees it. */
export class RemoteLoop extends EventLoop {
  override readonly threadId: number

  /** @param id - the thread's number */
  constructor(id: number) {
    super()
    this.threadId = id
  }

  /**
   * Always refused: a function can't cross to another thread, for it would lose what it refers to.
   *
   * @returns never
   * @throws OtherThreadError
   */
  override call<T>(): Promise<T> {
    return Promise.reject(
      new OtherThreadError(
        `A function can't be sent to thread ${this.threadId}, where this session's handler runs: call loop.call() in the ` +
          "handler's module, and send the handler data with stream.setInput()",
      ),
    )
  }
}
