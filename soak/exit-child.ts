// A server with live sessions that ends in one way: `node … exit-child.ts WAY SESSIONS CODE`, run by exits.ts. Says
// `live` on standard output when all of them talk, and `going` when it begins to end.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Stream, type StreamOptions, VideoStreamHandler, WorkerHandler } from 'parley-rtc'
import { type Caller, Callers } from './callers.ts'
import { Echo } from './echo.ts'

const [way = 'return', sessions = '20', code = '0'] = process.argv.slice(2)

/** Beside this file, and compiled as it is. */
const MODULE = new URL(`worker-subject${extname(import.meta.url)}`, import.meta.url)
/** Pictures take so much of the processor that more would hardly move. */
const MOST_FILMS = 3

/** A stream whose sessions hear their callers and are heard, or seen. Its handlers run on this thread, unless told otherwise. */
async function talk(count: number, options: Partial<StreamOptions> = {}): Promise<Stream> {
  const films = options.modality === 'video'
  const common = { handler: new Echo(), concurrencyLimit: Infinity, media: { bindAddress: '127.0.0.1' } }
  const stream = new Stream({ ...common, ...options } as StreamOptions)
  const callers = Callers.start()
  const number = films ? Math.min(count, MOST_FILMS) : count
  const calls = await Promise.all(Array.from({ length: number }, () => callers.call(stream, films ? 'film' : 'tone')))
  await Promise.all(calls.map(answered))
  callers.unref()
  return stream
}

/** Waits until a caller hears or sees something. Its program takes a frame's time for each report. */
async function answered(call: Caller): Promise<void> {
  for (let isHeard = false; !isHeard;) {
    const { tone, pictures } = await call.report()
    isHeard = tone > 0 || pictures > 0
  }
}

/** Handlers on two threads of the library's own. */
const pooled = (): Partial<StreamOptions> => ({ handler: new WorkerHandler(MODULE, { threads: 2 }) })

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
  async pooled() {
    await talk(Number(sessions), pooled())
    process.exitCode = Number(code)
    going()
  },
  async 'pooled-exit'() {
    await talk(Number(sessions), pooled())
    going()
    process.exit(Number(code))
  },
  async films() {
    await talk(Number(sessions), { modality: 'video', handler: new VideoStreamHandler((frame) => frame) })
    going()
    process.exit(Number(code))
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
