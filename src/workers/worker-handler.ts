import { availableParallelism } from 'node:os'
import { describe } from '../frames/describe.ts'
import { checkInteger, checkObject, wrongType } from '../stream/checks.ts'
import { findUncloneable } from './cloneable.ts'

/** How handlers run on worker threads. Everything is optional. */
export interface WorkerHandlerOptions {
  /**
   * Most threads that there may be, 1 to 256; as many as the machine has cores, and 2 at least, by default. They start as
   * sessions come, so each has a thread of its own as long as there are enough.
   */
  threads?: number
  /**
   * What the handler class is constructed with on each thread, copied by structured clone: once when this is made, so that later
   * changes do nothing, and to each thread. By default nothing.
   */
  args?: readonly unknown[]
}

/**
 * A handler that runs on a pool of worker threads, so that one that blocks holds up neither the main event loop nor
 * sessions on other threads. Its audio and video never pass the main thread.
 *
 * It costs an isolate of about 12 MB for each thread, and about twice the CPU for a call on a thread of its own (29.9 instead of
 * 15.1 ms for a second of each of eight calls), because each thread has to be woken. So it is for handlers that compute.
 *
 * The module's default export is a handler class or a function, of any kind that serves the stream's modality and mode. The
 * modality is `'audio'` unless the stream is given another: it can't be seen before the module is loaded. It is loaded once on
 * each thread, where the class is constructed once; each connection gets a `copy()` made there.
 *
 * ```ts
 * new Stream({ handler: new WorkerHandler(new URL('./echo.js', import.meta.url)) })
 * ```
 *
 * `session.handler` is a stand-in then: it has the handler's settings, `latestArgs`, `channel`, `sendMessage`, `clearQueue`
 * and `loop.threadId`, but none of the class's own methods and fields. What became of a `PlayedMark` is told on the handler's
 * thread alone.
 */
export class WorkerHandler {
  /** The module's URL. */
  readonly url: URL
  /** Most threads that there may be. */
  readonly threads: number
  /** What the handler class is constructed with: a copy of the option. */
  readonly args: readonly unknown[]

  /**
   * @param url - of the module, a `file:` URL
   * @param options - threads, and arguments for the class
   * @throws TypeError or RangeError naming the value that can't be used; a module that can't be used is known when it is
   * loaded, by `launch()`, `ready()` or the first offer
   */
  constructor(url: URL | string, options: WorkerHandlerOptions = {}) {
    checkObject('', options, ['threads', 'args'])
    const { threads = Math.max(2, availableParallelism()), args = [] } = options
    this.url = checkUrl(url)
    this.threads = checkInteger('threads', threads, [1, 256])
    this.args = checkArgs(args)
  }
}

function checkUrl(url: unknown): URL {
  const text = url instanceof URL ? url.href : url
  if (typeof text === 'string' && URL.canParse(text) && new URL(text).protocol === 'file:') return new URL(text)
  throw new TypeError(
    `The module of a WorkerHandler must be a file: URL, such as new URL('./echo.js', import.meta.url), not ${describe(text)}`,
  )
}

function checkArgs(args: unknown): readonly unknown[] {
  if (!Array.isArray(args)) throw wrongType('args', 'an array', args)
  const wrong = findUncloneable(args, 'args')
  if (wrong === undefined) return structuredClone(args as unknown[])
  throw new TypeError(`The option args must be something that structured clone copies to another thread; not ${wrong}`)
}
