import { extname } from 'node:path'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { WorkerExitError, WorkerLoadError } from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'
import { type Cancel, type Clock, realClock } from '../native/clock.ts'
import type { Logger } from '../session/logger.ts'
import type { FromThread, HandlerSettings, ThreadSetup, ThreadStart, ToThread } from './protocol.ts'
import type { RemoteRunner } from './remote-runner.ts'
import { unpackError } from './wire-error.ts'

/** How long a thread may take to answer before it counts as stuck, in ms. */
const STUCK_MS = 500
/** How often a thread that has sessions is asked whether its event loop has time, in ms. */
const ASK_EVERY_MS = 500
/** How long a stuck thread is kept after its last session has ended, in ms: as long as a `shutdown()` is waited for. */
const KEEP_STUCK_MS = 5000
/** Beside this file: in TypeScript in the repository, in JavaScript once it is built. */
const ENTRY = new URL(`./thread${extname(import.meta.url)}`, import.meta.url)

/** One thread of a pool, and the sessions that it runs. It keeps no process alive, except while it loads. */
export class PoolThread {
  /** The thread's number. */
  readonly threadId: number
  /** Settles when the handler's module is loaded; rejected with a WorkerLoadError. */
  readonly loaded: Promise<HandlerSettings>
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #setup: ThreadSetup
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #runners = new Map<number, RemoteRunner>()
  #loading!: { resolve: (settings: HandlerSettings) => void; reject: (error: Error) => void }
  #load = 0
  #stopAsking: Cancel | undefined
  #askedAt: number | undefined
  #hasWarned = false
  #isLoaded = false
  #error: unknown
  #exit: WorkerExitError | undefined

  /**
   * @param setup - what it runs
   * @param logger - the stream's
   * @param onExit - called when it has ended, however
   * @param clock - what time is; real by default
   * @throws what Node throws when it can't start a thread
   */
  constructor(setup: ThreadSetup, logger: Logger, onExit: () => void, clock: Clock = realClock) {
    this.#setup = setup
    this.#logger = logger
    this.#clock = clock
    const { worker, port } = startWorker(setup)
    this.#worker = worker
    this.#port = port
    this.threadId = this.#worker.threadId
    this.loaded = new Promise((resolve, reject) => (this.#loading = { resolve, reject }))
    this.loaded.catch(() => undefined)
    this.#listen(onExit)
  }

  /** Sessions that it serves, or is about to serve. */
  get load(): number {
    return this.#load
  }

  /** Whether its event loop has been held up for half a second. With sessions, that is known a second after it began. */
  get isStuck(): boolean {
    return this.#silentMs > STUCK_MS
  }

  /** A session will come. */
  reserve(): void {
    this.#load++
    this.#stopAsking ??= this.#clock.every(ASK_EVERY_MS, () => this.#watch())
    this.ask()
  }

  /** A session has gone, or doesn't come. */
  release(): void {
    this.#load--
    if (this.#load === 0) this.#rest()
  }

  /** @param runner - of a session that has media now */
  add(runner: RemoteRunner): void {
    this.#runners.set(runner.key, runner)
    const exit = this.#exit
    if (exit !== undefined) queueMicrotask(() => runner.onThreadExit(exit))
  }

  /** @param runner - whose handler has shut down */
  remove(runner: RemoteRunner): void {
    if (this.#runners.delete(runner.key)) this.release()
  }

  /** @param message - anything that structured clone copies */
  post(message: ToThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#port.postMessage(message)
  }

  /** Asks whether its event loop has time, unless the question waits already; see {@link isStuck}. */
  ask(): void {
    if (!this.#isLoaded || this.#askedAt !== undefined) return
    this.#askedAt = this.#clock.now()
    this.post({ type: 'ping' })
  }

  /** Ends the thread in some seconds, if it is stuck then and runs no session but those that have ended. */
  endIfStuck(): void {
    this.ask()
    const check = (): void => {
      if (this.isStuck && [...this.#runners.values()].every((runner) => runner.isEnding)) void this.terminate()
    }
    this.#clock.after(KEEP_STUCK_MS, check)
  }

  /** Ends the thread at once. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  /** How long a question has waited for its answer, in ms; 0 when none waits. */
  get #silentMs(): number {
    return this.#askedAt === undefined ? 0 : this.#clock.now() - this.#askedAt
  }

  #watch(): void {
    this.ask()
    if (this.#hasWarned || this.#silentMs < KEEP_STUCK_MS) return
    this.#hasWarned = true
    this.#logger.warn(
      `A handler of ${this.#setup.url} has held up its worker thread (${this.threadId}) for ${KEEP_STUCK_MS / 1000} s: ` +
        `the sessions on it, ${this.#load} in all, hear and say nothing meanwhile`,
    )
  }

  #rest(): void {
    this.#stopAsking?.()
    this.#stopAsking = undefined
  }

  #listen(onExit: () => void): void {
    this.#worker.on('error', (error) => (this.#error = error))
    this.#worker.on('exit', (code) => {
      this.#readLast()
      this.#loading.reject(this.#loadError(code))
      this.#rest()
      onExit()
      this.#endSessions(code)
    })
    this.#port.on('message', this.#take)
    // While it loads, the worker itself keeps the process alive.
    this.#port.unref()
  }

  /** What the thread said last may not have come when it has ended. */
  #readLast(): void {
    for (;;) {
      const last = receiveMessageOnPort(this.#port)
      if (last === undefined) return this.#port.close()
      this.#take(last.message as FromThread)
    }
  }

  readonly #take = (message: FromThread): void => {
    if (message.type === 'loaded') this.#onLoaded(message.settings)
    else if (message.type === 'load-failed') this.#onLoadFailed(unpackError(message.error))
    else this.#takeNews(message)
  }

  #onLoaded(settings: HandlerSettings): void {
    this.#isLoaded = true
    this.#worker.unref()
    this.#loading.resolve(settings)
  }

  #onLoadFailed(error: Error): void {
    this.#error = error
    this.#loading.reject(error)
    void this.terminate()
  }

  #takeNews(message: Exclude<FromThread, { type: 'loaded' | 'load-failed' }>): void {
    this.#askedAt = undefined
    this.#hasWarned = false
    if (message.type === 'log') this.#logger[message.level](message.message)
    else if (message.type !== 'pong') this.#runners.get(message.key)?.take(message)
  }

  #loadError(code: number): WorkerLoadError {
    const why = this.#error === undefined ? '' : `: ${messageOf(this.#error)}`
    const message = `The worker thread ended with exit code ${code} while it loaded ${this.#setup.url}${why}`
    return new WorkerLoadError(message, { cause: this.#error })
  }

  #endSessions(code: number): void {
    const options = this.#error === undefined ? undefined : { cause: this.#error }
    const message = `The worker thread that ran this session's handler ended with exit code ${code}`
    this.#exit = new WorkerExitError(message, options)
    for (const runner of this.#runners.values()) runner.onThreadExit(this.#exit)
  }
}

/** Starts a thread, and a channel to it that no code but the library's has: what a handler posts elsewhere says nothing. */
function startWorker(setup: ThreadSetup): { worker: Worker; port: MessagePort } {
  const { port1, port2 } = new MessageChannel()
  const workerData: ThreadStart = { ...setup, port: port2 }
  try {
    return { worker: new Worker(ENTRY, { workerData, transferList: [port2], name: 'parley' }), port: port1 }
  } catch (error) {
    port1.close()
    throw error
  }
}
