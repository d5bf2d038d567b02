// What a worker thread of a pool runs.
import { parentPort, workerData } from 'node:worker_threads'
import { Host } from '../native/host.ts'
import { loadHandler } from './load-handler.ts'
import type { FromThread, ThreadSetup, ToThread } from './protocol.ts'
import { ThreadSessions } from './thread-sessions.ts'
import { packError } from './wire-error.ts'

function post(message: FromThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(message)
}

try {
  const [{ source, settings }, host] = await Promise.all([loadHandler(workerData as ThreadSetup), Host.open()])
  const sessions = new ThreadSessions(host, source, post)
  // Messages that came meanwhile have waited. The listener keeps the thread alive.
  parentPort?.on('message', (message: ToThread) => sessions.take(message))
  post({ type: 'loaded', settings })
} catch (error) {
  post({ type: 'load-failed', error: packError(error) })
}
