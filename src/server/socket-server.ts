import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { describeThrown } from '../frames/thrown.ts'
import { type Cancel, type Clock, realClock } from '../native/clock.ts'
import { Host } from '../native/host.ts'
import type { MediaSocket } from '../native/media-socket.ts'
import { engineSettings } from '../stream/link-settings.ts'
import { networkOf } from '../stream/slots.ts'
import type { StreamBase } from '../stream/stream-base.ts'
import { answerHandshake } from './handshake.ts'
import { Refusal } from './refusal.ts'
import { SocketConnection } from './socket-connection.ts'
import { socketPath } from './socket-paths.ts'
import { type SocketRoute, type SocketRouteOptions, socketRoutesOf } from './socket-routes.ts'
import { endStream, NO_ROUTE, refuseUpgrade } from './upgrade.ts'

/** How long a far end may take to introduce itself, in ms. */
const START_MS = 10_000
/** Far ends that may be about to, and how many of them from one network. */
const MAX_WAITING = 512
const MAX_WAITING_OF_ONE = 256

/** A close frame with code 1011 (RFC 6455, sections 5.5.1 and 7.4.1). */
const INTERNAL_ERROR = Buffer.of(0x88, 2, 1011 >> 8, 1011 & 0xff)

const CLOSED = new Refusal(503, 'connection_closed', 'The stream is closed')

/** What the `upgrade` event of `node:http` hands over. */
export type Upgrade = readonly [request: IncomingMessage, socket: Duplex, head: Buffer]

/** A far end that has yet to introduce itself. */
interface Guest {
  /** Where it comes from. */
  readonly network: string
  /** Turns it out; how depends on how far it has come. */
  leave: (code: number, reason: string) => void
  /** It isn't waited for any more. */
  readonly cancel: Cancel
}

/** Makes sockets of requests, and keeps an eye on them. One for each stream. */
export class SocketServer {
  readonly #stream: StreamBase
  readonly #clock: Clock
  readonly #waiting = new Set<Guest>()
  readonly #connections = new Set<SocketConnection>()
  #isClosed = false
  #onEmpty: (() => void)[] = []

  /**
   * @param stream - whose sockets
   * @param clock - what time is
   */
  constructor(stream: StreamBase, clock: Clock = realClock) {
    this.#stream = stream
    this.#clock = clock
  }

  /**
   * Answers a request for a socket, as the `upgrade` event of `node:http` hands it over.
   *
   * @param upgrade - the request, its connection, and what came after the request's head
   * @param prefixes - the paths that the routes are mounted under
   * @param options - what the routes go by
   */
  accept(upgrade: Upgrade, prefixes: Iterable<string>, options: SocketRouteOptions): void {
    const [request, stream] = upgrade
    try {
      const route = this.#routeOf(request, prefixes, options)
      route.check(request)
      const answer = answerHandshake(request)
      if (this.#isClosed) throw CLOSED
      const guest = this.#receive(request, stream)
      // A connection may break before a media thread has it.
      stream.on('error', () => stream.destroy())
      void this.#open(upgrade, answer, route, guest)
    } catch (error) {
      this.#refuse(stream, error)
    }
  }

  /** Takes no more sockets; far ends that have not introduced themselves are waited for no more. */
  close(): void {
    this.#isClosed = true
    for (const guest of this.#waiting) guest.leave(1001, 'connection_closed')
  }

  /** Waits until every far end was told that its socket is closed, where they all are: 2 s at most. */
  async settled(): Promise<void> {
    if (this.#connections.size > 0) await new Promise<void>((resolve) => void this.#onEmpty.push(resolve))
  }

  #routeOf(request: IncomingMessage, prefixes: Iterable<string>, options: SocketRouteOptions): SocketRoute {
    const paths = Array.from(prefixes, (prefix) => socketPath(request.url, prefix))
    const route = socketRoutesOf(this.#stream, options).find(({ path }) => paths.includes(path))
    if (route === undefined) throw NO_ROUTE
    return route
  }

  /** Has a far end wait, from before its socket is one until it begins a session. */
  #receive(request: IncomingMessage, stream: Duplex): Guest {
    const network = networkOf(request.socket.remoteAddress)
    const siblings = [...this.#waiting].filter((other) => other.network === network).length
    if (this.#waiting.size >= MAX_WAITING || siblings >= MAX_WAITING_OF_ONE) {
      throw new Refusal(503, 'too_many_connections', 'Too many connections have not begun a session yet', {
        'retry-after': '10',
      })
    }
    const cancel = this.#clock.after(START_MS, () => guest.leave(1008, 'start_timeout'))
    const guest: Guest = { network, cancel, leave: () => void stream.destroy() }
    this.#waiting.add(guest)
    return guest
  }

  async #open([request, stream, head]: Upgrade, answer: string, route: SocketRoute, guest: Guest): Promise<void> {
    let hasAnswered = false
    try {
      const host = await Host.open()
      // What a media thread writes comes behind the answer, which must have left.
      hasAnswered = await hasWritten(stream, answer)
      if (!hasAnswered) return this.#stopWaiting(guest)
      const engine = engineSettings(this.#stream.options, { stunServers: [], turnServers: [] })
      this.#serve(host.acceptSocket(engine, { stream, head }), route, request, guest)
    } catch (error) {
      this.#stopWaiting(guest)
      if (!hasAnswered) return this.#refuse(stream, error)
      this.#logError(error)
      endStream(stream, INTERNAL_ERROR)
    }
  }

  #serve(media: MediaSocket, route: SocketRoute, request: IncomingMessage, guest: Guest): void {
    const connection = new SocketConnection(media, request.socket.remoteAddress, {
      onStarted: () => this.#stopWaiting(guest),
      onEnd: () => this.#stopWaiting(guest),
      onGone: () => this.#forget(connection),
      onError: (error) => this.#logError(error),
    })
    guest.leave = (code, reason) => connection.close(code, reason)
    this.#connections.add(connection)
    connection.serve(() => route.serve(connection, request))
  }

  #stopWaiting(guest: Guest): void {
    guest.cancel()
    this.#waiting.delete(guest)
  }

  #forget(connection: SocketConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve()
  }

  #refuse(stream: Duplex, error: unknown): void {
    if (!(error instanceof Refusal)) this.#logError(error)
    refuseUpgrade(stream, error)
  }

  #logError(error: unknown): void {
    this.#stream.options.logger.error(`A socket failed: ${describeThrown(error)}`)
  }
}

/** Writes, and waits until the system has taken it: whether it has, for the far end may be gone. */
function hasWritten(stream: Duplex, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    stream.once('close', () => resolve(false))
    stream.write(text, (error) => resolve(!(error instanceof Error) && !stream.destroyed))
  })
}
