// A server with live sessions that ends in one way: `node … exit-child.ts WAY SESSIONS CODE`, run by exits.ts. Says
// `live` on standard output when all of them talk, and `going` when it begins to end.
import { Worker } from 'node:worker_threads'
import { Stream } from 'parley-rtc'
import { Callers } from './callers.ts'
import { Echo } from './echo.ts'

const [way = 'return', sessions = '20', code = '0'] = process.argv.slice(2)

/** A stream whose sessions hear their callers and are heard, on this thread. */
async function talk(count: number): Promise<Stream> {
  const stream = new Stream({ handler: new Echo(), concurrencyLimit: Infinity, media: { bindAddress: '127.0.0.1' } })
  const callers = Callers.start()
  const calls = await Promise.all(Array.from({ length: count }, () => callers.call(stream)))
  for (const call of calls) {
    while ((await call.report()).tone === 0) await new Promise((resolve) => void setTimeout(resolve, 20))
  }
  callers.unref()
  return stream
}

const going = (): void => void process.stdout.write('going\n')

/** Ends this process, in each way as a program may. */
const WAYS: Readonly<Record<string, () => Promise<void>>> = {
  async return() {
    await talk(Number(sessions))
    process.exitCode = Number(code)
    going()
  },
  async exit() {
    await talk(Number(sessions))
    going()
    process.exit(Number(code))
  },
  async sigterm() {
    const stream = await talk(Number(sessions))
    process.once('SIGTERM', () => {
      void stream.close().then(() => process.exit(Number(code)))
    })
    process.stdout.write('live\n')
    setInterval(() => undefined, 1000)
  },
  async unhandled() {
    await talk(Number(sessions))
    process.stdout.write('live\n')
    setInterval(() => undefined, 1000)
  },
  /** The sessions live in a thread that is terminated, and the process goes on and then ends. */
  async worker() {
    const worker = new Worker(new URL(import.meta.url), { argv: ['thread', sessions] })
    await new Promise((resolve) => worker.once('message', resolve))
    going()
    await worker.terminate()
    process.exitCode = Number(code)
  },
  async thread() {
    const { parentPort } = await import('node:worker_threads')
    await talk(Number(sessions))
    // oxlint-disable-next-line require-post-message-target-origin -- a thread's port has no origin
    parentPort?.postMessage('live')
    setInterval(() => undefined, 1000)
  },
}

await WAYS[way]?.()
