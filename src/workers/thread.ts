// What a worker thread of a pool runs.
import { workerData } from 'node:worker_threads'
import { Host } from '../native/host.ts'
import { loadHandler } from './load-handler.ts'
import type { FromThread, ThreadStart, ToThread } from './protocol.ts'
import { ThreadSessions } from './thread-sessions.ts'
import { packError } from './wire-error.ts'

const { port, ...setup } = workerData as ThreadStart
// The handler's module sees the same object, and nothing on it that could say what isn't so.
Reflect.deleteProperty(workerData as ThreadStart, 'port')

function post(message: FromThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  port.postMessage(message)
}

try {
  const [{ source, settings }, host] = await Promise.all([loadHandler(setup), Host.open()])
  const sessions = new ThreadSessions(host, source, post)
  // Messages that came meanwhile have waited. The listener keeps the thread alive.
  port.on('message', (message: ToThread) => sessions.take(message))
  post({ type: 'loaded', settings })
} catch (error) {
  post({ type: 'load-failed', error: packError(error) })
}
