import { Stream, type StreamOptions } from 'parley-rtc'
import { type Caller, Callers } from './callers.ts'
import { type SocketCaller, SocketCallers, type SocketKind } from './socket-callers.ts'
import { type Fault, Subject, type Watcher } from './subject.ts'
import { TALKED } from './talk.ts'
import type { Census } from './usage.ts'

/** How a call differs from the usual one. */
export interface CallOptions {
  /** What goes wrong with its handler. Default nothing. */
  readonly fault?: Fault
  /** What differs from the stream's defaults; cycles that give the same object share a stream. */
  readonly settings?: Partial<StreamOptions>
  /** Whether the stream is made for this call alone, and closed after it. Default false. */
  readonly fresh?: boolean
  /**
   * The turns that it takes with others. Threads and pictures need so much memory that what is kept of it goes by how many there
   * were at once, and would be taken for growth. Default none.
   */
  readonly turns?: Turns
  /** Whether the caller takes the answer. Default true. */
  readonly connects?: boolean
  /** Whether the end comes after the handler has heard some frames, or at once. Default true. */
  readonly talks?: boolean
  /** Whether the caller shows pictures instead of speaking. Default false. */
  readonly films?: boolean
  /** The process that it comes from. Default the one that all share. */
  readonly callers?: Callers
}

/** Lets one begin when another is over. */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #free: number

  /** @param atOnce - so many at a time */
  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /**
   * @param work - which waits for its turn
   * @returns what that gives
   */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => void this.#waiting.push(resolve))
    else this.#free--
    try {
      return await work()
    } finally {
      const waiting = this.#waiting.shift()
      if (waiting === undefined) this.#free++
      else waiting()
    }
  }
}

const nothing = (): void => undefined
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
const USUAL: Partial<StreamOptions> = {}
/** Where a socket of each kind is taken. */
const ROUTES: Readonly<Record<SocketKind, string>> = { page: 'websocket/offer', phone: 'telephone/handler' }

/** Streams, their callers, and who notices what becomes of them. */
export class Lab implements Watcher {
  readonly census: Census
  /** Handlers that were made for a session or an offer, on this thread. */
  copies = 0
  /** Of these, those that were shut down. */
  shutdowns = 0
  /** Shutdowns of those that had been. */
  repeated = 0
  readonly #shutDown = new WeakSet<Subject>()
  readonly #callers = Callers.start()
  readonly #filming = Callers.start()
  readonly #sockets = new SocketCallers()
  readonly #addresses = new WeakMap<Stream, Promise<string>>()
  readonly #streams = new Map<Partial<StreamOptions>, Map<Fault, Stream>>()
  readonly #talks = new Map<string, () => void>()
  readonly #closings = new Map<string, () => void>()

  /** @param census - counts what is to be collected */
  constructor(census: Census) {
    this.census = census
  }

  onCopied(subject: Subject): void {
    this.copies++
    this.census.add('copies', subject)
  }

  onTalked(id: string): void {
    settle(this.#talks, id)
  }

  onShutdown(subject: Subject): void {
    if (this.#shutDown.has(subject)) this.repeated++
    else this.shutdowns++
    this.#shutDown.add(subject)
  }

  /**
   * Makes a call, and has it ended.
   *
   * @param end - ends it, or lets it end
   * @param options - what is unusual
   */
  call(end: (caller: Caller, stream: Stream) => unknown, options: CallOptions = {}): Promise<void> {
    const work = (): Promise<void> => this.#call(end, options)
    return options.turns === undefined ? work() : options.turns.take(work)
  }

  async #call(end: (caller: Caller, stream: Stream) => unknown, options: CallOptions): Promise<void> {
    const { films = false, connects = true, talks = true, fresh = false } = options
    const { callers = films ? this.#filming : this.#callers } = options
    const stream = this.#stream(options)
    const caller = callers.make(films ? 'film' : 'tone')
    const [talked, closed] = [next(this.#talks, caller.id), next(this.#closings, caller.id)]
    const sdp = await answered(stream, caller)
    if (connects) caller.answered(sdp)
    if (talks) await talked
    await end(caller, stream)
    await closed
    this.#talks.delete(caller.id)
    callers.forget(caller)
    if (fresh) await stream.close()
  }

  /**
   * Makes a call over a WebSocket, and has it ended once the handler has heard some frames.
   *
   * @param kind - who calls
   * @param end - ends it, or lets it end
   * @param options - what is unusual
   */
  async socketCall(
    kind: SocketKind,
    end: (caller: SocketCaller, stream: Stream) => unknown,
    options: CallOptions = {},
  ): Promise<void> {
    const stream = this.#stream(options)
    const url = new URL(ROUTES[kind], await this.#address(stream))
    const id = this.#sockets.nextId()
    const [talked, closed] = [next(this.#talks, id), next(this.#closings, id)]
    const caller = this.#sockets.call(kind, id, url.href)
    await talked
    await end(caller, stream)
    await Promise.all([closed, caller.closed])
  }

  /**
   * Makes a call that goes on, as there always is one on a server.
   *
   * @returns ends it
   */
  async hold(): Promise<() => Promise<void>> {
    let end = nothing
    const over = new Promise<void>((resolve) => (end = resolve))
    const talks = new Promise<() => Promise<void>>((resolve) => {
      const call = this.call(async (caller) => {
        resolve(() => (end(), call))
        await over
        caller.close()
      })
    })
    return talks
  }

  /**
   * Makes an offer that comes to nothing.
   *
   * @param edit - what is done to it
   * @param options - what is unusual about its stream
   * @param signal - gives it up
   */
  async refused(edit: (sdp: string) => string, options: CallOptions = {}, signal?: AbortSignal): Promise<void> {
    const caller = this.#callers.make()
    const body = { type: 'offer', sdp: edit(await caller.offer()), webrtc_id: caller.id }
    const answer = this.#stream(options).offer(body, signal === undefined ? {} : { signal })
    const result = await answer.catch(() => ({ status: 'failed' }))
    if (!('status' in result)) throw new Error(`The offer of ${caller.id} was answered`)
    this.#callers.forget(caller)
  }

  /** @param settings - whose streams are needed no more; they have no sessions */
  forget(settings: Partial<StreamOptions>): void {
    this.#streams.delete(settings)
  }

  /** Ends all that is left. */
  async close(): Promise<void> {
    const streams = [...this.#streams.values()].flatMap((byFault) => [...byFault.values()])
    this.#streams.clear()
    await Promise.all(streams.map((stream) => stream.close()))
    await Promise.all([this.#callers, this.#filming, this.#sockets].map((callers) => callers.kill()))
  }

  /** Where a stream is served. */
  #address(stream: Stream): Promise<string> {
    const known = this.#addresses.get(stream)
    if (known !== undefined) return known
    const launched = stream.launch({ port: 0, quiet: true }).then(({ url }) => url.replace('http', 'ws'))
    this.#addresses.set(stream, launched)
    return launched
  }

  #stream({ fault = 'none', settings = USUAL, fresh = false }: CallOptions): Stream {
    if (fresh) return this.#make(fault, settings)
    const byFault = this.#streams.get(settings) ?? new Map<Fault, Stream>()
    this.#streams.set(settings, byFault)
    const stream = byFault.get(fault) ?? this.#make(fault, settings)
    byFault.set(fault, stream)
    return stream
  }

  #make(fault: Fault, settings: Partial<StreamOptions>): Stream {
    const defaults = { concurrencyLimit: Infinity, media: { bindAddress: '127.0.0.1' }, logger: SILENT }
    const stream = new Stream({ ...defaults, handler: new Subject(this, fault), ...settings } as StreamOptions)
    this.census.add('streams', stream)
    stream.on('session', (session) => {
      this.census.add('sessions', session)
      this.census.add('handlers', session.handler)
      session.on('outputs', ({ args: [first] }) => {
        if (first === TALKED) this.onTalked(session.id)
      })
    })
    stream.on('session:closed', ({ id }) => {
      settle(this.#talks, id)
      settle(this.#closings, id)
    })
    return stream
  }
}

function next(waits: Map<string, () => void>, id: string): Promise<void> {
  return new Promise((resolve) => void waits.set(id, resolve))
}

function settle(waits: Map<string, () => void>, id: string): void {
  waits.get(id)?.()
  waits.delete(id)
}

/** Makes an offer by the HTTP routes, as a page does. */
async function answered(stream: Stream, caller: Caller): Promise<string> {
  const body = JSON.stringify({ type: 'offer', sdp: await caller.offer(), webrtc_id: caller.id })
  const headers = { 'content-type': 'application/json' }
  const response = await stream.fetch(new Request('http://localhost/webrtc/offer', { method: 'POST', body, headers }))
  const answer = (await response.json()) as { sdp?: string }
  if (answer.sdp === undefined) throw new Error(`The offer of ${caller.id} was refused: ${JSON.stringify(answer)}`)
  return answer.sdp
}
