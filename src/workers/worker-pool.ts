import { WorkerLoadError } from '../errors.ts'
import { describeThrown } from '../frames/thrown.ts'
import { type Clock, realClock } from '../native/clock.ts'
import type { Logger } from '../session/logger.ts'
import type { HandlerMaker, HandlerPurpose } from '../stream/handler-source.ts'
import { PoolThread } from './pool-thread.ts'
import type { HandlerSettings, ThreadSetup } from './protocol.ts'
import { RemoteHandler } from './remote-handler.ts'
import type { WorkerHandler } from './worker-handler.ts'

/** The threads of one stream. The first starts with the first offer, the others as sessions come. */
export class WorkerPool implements HandlerMaker {
  readonly #setup: ThreadSetup
  readonly #size: number
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #threads = new Set<PoolThread>()
  #settings: HandlerSettings | undefined
  #preparing: Promise<void> | undefined
  #isClosed = false

  /**
   * @param handler - as a user gave it
   * @param purpose - of the stream
   * @param logger - the stream's
   * @param clock - what time is; real by default
   */
  constructor(handler: WorkerHandler, purpose: HandlerPurpose, logger: Logger, clock: Clock = realClock) {
    this.#setup = { url: handler.url.href, args: handler.args, purpose }
    this.#size = handler.threads
    this.#logger = logger
    this.#clock = clock
  }

  /**
   * Loads the handler's module on the first thread, to know how its handlers want their audio.
   *
   * @returns undefined when it is loaded
   * @throws WorkerLoadError when the module can't be used, and the next call tries again; or when the pool is closed meanwhile
   */
  prepare(): Promise<void> | undefined {
    if (this.#settings !== undefined) return undefined
    this.#preparing ??= this.#load().finally(() => (this.#preparing = undefined))
    return this.#preparing
  }

  make(): RemoteHandler {
    if (this.#settings === undefined) throw new Error('prepare() comes first')
    const handler = new RemoteHandler(this.#choose(), this.#settings)
    // The next session finds a thread that is loaded already.
    this.#idle()
    return handler
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#threads].map((thread) => thread.terminate()))
  }

  async #load(): Promise<void> {
    try {
      this.#settings = await this.#spawn().loaded
    } catch (error) {
      if (!this.#isClosed) throw error
      throw new WorkerLoadError(`The stream was closed while the module ${this.#setup.url} was being loaded`)
    }
  }

  /** One without a session if there may be one, else the one with the fewest; one that is stuck only if all are. */
  #choose(): PoolThread {
    const idle = this.#idle()
    if (idle !== undefined) return idle
    const [first, ...others] = this.#threads
    if (first === undefined) throw new Error('A pool has one thread at least')
    return others.reduce((best, thread) => (cost(thread) < cost(best) ? thread : best), first)
  }

  #idle(): PoolThread | undefined {
    const idle = [...this.#threads].find((thread) => thread.load === 0 && !thread.isStuck)
    if (idle !== undefined || this.#threads.size >= this.#size || this.#isClosed) return idle
    return this.#spawnAnother()
  }

  /** Where there are threads already, sessions share them when Node can't start one more. */
  #spawnAnother(): PoolThread | undefined {
    try {
      return this.#spawn()
    } catch (error) {
      if (this.#threads.size === 0) throw error
      this.#logger.warn(`Another worker thread could not be started: ${describeThrown(error)}`)
      return undefined
    }
  }

  #spawn(): PoolThread {
    const onExit = (): void => void this.#threads.delete(thread)
    const thread: PoolThread = new PoolThread(this.#setup, this.#logger, onExit, this.#clock)
    this.#threads.add(thread)
    return thread
  }
}

function cost(thread: PoolThread): number {
  return thread.isStuck ? Infinity : thread.load
}
