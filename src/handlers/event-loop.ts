import { threadId } from 'node:worker_threads'

/** The event loop that runs a handler: the thread on which it was made. */
export class EventLoop {
  /** The thread's number: 0 for the main thread, else that of the worker. */
  readonly threadId: number = threadId

  /**
   * Runs a function on this loop, soon, after the code that is running now.
   *
   * @param fn - what to run; may be async
   * @returns what it returns; rejects with what it throws
   */
  async call<T>(fn: () => T | PromiseLike<T>): Promise<T> {
    await Promise.resolve()
    return fn()
  }
}
