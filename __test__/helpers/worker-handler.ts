import { once } from 'node:events'
import type { ExecutionContext } from 'ava'
import {
  type CommonOptions,
  type HandlerOption,
  type Session,
  type Stream,
  WorkerHandler,
  type WorkerHandlerOptions,
} from '../../src/index.ts'
import { type AiortcCall, type AiortcReport, callByAiortc } from './aiortc.ts'
import { Log } from './call.ts'
import { serve } from './serve.ts'

/** The URL of a handler's module in `__test__/workers/handlers`. */
export function moduleUrl(name: string): URL {
  return new URL(`../workers/handlers/${name}.ts`, import.meta.url)
}

/** A handler on worker threads. */
export function workerHandler(name: string, options?: WorkerHandlerOptions): WorkerHandler {
  return new WorkerHandler(moduleUrl(name), options)
}

/** Launches a stream whose handler runs on worker threads. */
export async function serveWorker(
  t: ExecutionContext,
  handler: WorkerHandler,
  options: Partial<Omit<HandlerOption & CommonOptions, 'handler'>> = {},
): Promise<{ stream: Stream; url: string; log: Log }> {
  const log = new Log()
  const served = await serve(t, {
    handler,
    modality: 'audio',
    concurrencyLimit: 4,
    logger: log,
    ...options,
  })
  return { ...served, log }
}

/** A call that has connected. */
export interface LiveCall {
  readonly session: Session
  /** What the client reports when it has hung up. */
  readonly report: Promise<AiortcReport>
  /** Why the session ended. */
  readonly closed: Promise<string>
}

/** Calls, and waits until media flows. */
export async function dial({ stream, url }: { stream: Stream; url: string }, call: AiortcCall): Promise<LiveCall> {
  const connected = once(stream, 'session:connected')
  const report = callByAiortc(url, call)
  const [session] = (await Promise.race([connected, report.then(() => connected)])) as [Session]
  // `once` would reject with an error that the session tells of before.
  const closed = new Promise<string>((resolve) => void session.once('closed', resolve))
  return { session, report, closed }
}
