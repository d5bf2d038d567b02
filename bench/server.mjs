// An echo server for load generators: `node bench/server.mjs PORT`, after `npm run build`. Prints "ready" and serves
// POST /webrtc/offer on 127.0.0.1.
//
//   HANDLER=async|sync|duplex   which kind of handler echoes (default async)
//   BLOCK_MS=100                burn so much CPU once a second in the first session's handler
//   WORKERS=N                   media threads (default: the library's)
import { AsyncQueue, AsyncStreamHandler, Stream, StreamHandler } from 'parley-rtc'

const port = Number(process.argv[2])
if (!Number.isInteger(port) || port < 1 || port > 65535) {
  console.error(`usage: node bench/server.mjs PORT (1 to 65535), not ${JSON.stringify(process.argv[2])}`)
  process.exit(2)
}
const blockMs = Number(process.env.BLOCK_MS ?? 0)
const rates = { inputSampleRate: 24_000, outputSampleRate: 24_000 }

/** Burns CPU once a second, in one session of the process. */
class Blocker {
  static #taken = false
  #active = false
  #next = 0

  constructor() {
    if (blockMs > 0 && !Blocker.#taken) this.#active = Blocker.#taken = true
  }

  frame() {
    if (!this.#active || performance.now() < this.#next) return
    this.#next = performance.now() + 1000
    const until = performance.now() + blockMs
    while (performance.now() < until);
  }
}

class AsyncEcho extends AsyncStreamHandler {
  #queue = new AsyncQueue()
  #blocker = new Blocker()

  constructor() {
    super(rates)
  }

  async receive(frame) {
    this.#blocker.frame()
    this.#queue.put(frame)
  }

  async emit() {
    return this.#queue.get()
  }

  copy() {
    return new AsyncEcho()
  }
}

class SyncEcho extends StreamHandler {
  #frames = []
  #blocker = new Blocker()

  constructor() {
    super(rates)
  }

  receive(frame) {
    this.#blocker.frame()
    this.#frames.push(frame)
  }

  emit() {
    return this.#frames.shift() ?? null
  }

  copy() {
    return new SyncEcho()
  }
}

async function* duplexEcho(frames) {
  const blocker = new Blocker()
  for await (const frame of frames) {
    blocker.frame()
    yield frame
  }
}

const kinds = { async: () => new AsyncEcho(), sync: () => new SyncEcho(), duplex: () => duplexEcho }
const kind = process.env.HANDLER ?? 'async'
if (!Object.hasOwn(kinds, kind)) {
  console.error(`HANDLER is ${JSON.stringify(kind)}; it must be one of ${Object.keys(kinds).join(', ')}`)
  process.exit(2)
}
const media = { bindAddress: '127.0.0.1', ...(process.env.WORKERS && { workers: Number(process.env.WORKERS) }) }
const stream = new Stream({ handler: kinds[kind](), modality: 'audio', concurrencyLimit: Infinity, media })
await stream.launch({ host: '127.0.0.1', port })
console.log('ready')
