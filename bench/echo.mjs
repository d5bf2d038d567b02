// The echo handlers of bench/server.mjs. BLOCK_MS burns so much CPU once a second in the first session's handler.
import { AsyncQueue, AsyncStreamHandler, StreamHandler } from 'parley-rtc'

const blockMs = Number(process.env.BLOCK_MS ?? 0)
const rates = { inputSampleRate: 24_000, outputSampleRate: 24_000 }
/** As phone providers have it, unless told otherwise. */
const phoneRate = Number(process.env.RATE ?? 8000)

/** Whether a session was the first: one number, which threads share when it is handed to them. */
export const firstComes = () => new Int32Array(new SharedArrayBuffer(4))

/** Burns CPU once a second, in one session of the process. */
class Blocker {
  #active
  #next = 0

  constructor(taken) {
    this.#active = blockMs > 0 && Atomics.exchange(taken, 0, 1) === 0
  }

  frame() {
    if (!this.#active || performance.now() < this.#next) return
    this.#next = performance.now() + 1000
    const until = performance.now() + blockMs
    while (performance.now() < until);
  }
}

export class AsyncEcho extends AsyncStreamHandler {
  #queue = new AsyncQueue()
  #taken
  #blocker

  constructor(taken, chosen = rates) {
    super(chosen)
    this.#taken = taken
  }

  async receive(frame) {
    this.#blocker ??= new Blocker(this.#taken)
    this.#blocker.frame()
    this.#queue.put(frame)
  }

  async emit() {
    return this.#queue.get()
  }

  copy() {
    return new this.constructor(this.#taken)
  }
}

/** The same as {@link AsyncEcho} for calls by telephone and WebSocket. */
export class PhoneEcho extends AsyncEcho {
  constructor(taken) {
    super(taken, { inputSampleRate: phoneRate, outputSampleRate: phoneRate })
  }
}

export class SyncEcho extends StreamHandler {
  #frames = []
  #taken
  #blocker

  constructor(taken) {
    super(rates)
    this.#taken = taken
  }

  receive(frame) {
    this.#blocker ??= new Blocker(this.#taken)
    this.#blocker.frame()
    this.#frames.push(frame)
  }

  emit() {
    return this.#frames.shift() ?? null
  }

  copy() {
    return new SyncEcho(this.#taken)
  }
}

export function duplexEcho(taken) {
  return async function* (frames) {
    const blocker = new Blocker(taken)
    for await (const frame of frames) {
      blocker.frame()
      yield frame
    }
  }
}
