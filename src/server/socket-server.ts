import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { describeThrown } from '../frames/thrown.ts'
import { type Cancel, type Clock, realClock } from '../native/clock.ts'
import { networkOf } from '../stream/slots.ts'
import type { StreamBase } from '../stream/stream-base.ts'
import { Refusal } from './refusal.ts'
import { SocketConnection } from './socket-connection.ts'
import { socketPath } from './socket-paths.ts'
import { type SocketRoute, type SocketRouteOptions, socketRoutesOf } from './socket-routes.ts'
import { NO_ROUTE, refuseUpgrade } from './upgrade.ts'

/** How long a far end may take to introduce itself, in ms. */
const START_MS = 10_000
/** Far ends that may be about to, and how many of them from one network. */
const MAX_WAITING = 512
const MAX_WAITING_OF_ONE = 256
/** How often quiet far ends are looked after, in ms. */
const LIFE_MS = 5000

/** Compression costs memory for each socket, and audio gains nothing from it. The types lack the newest options. */
const OPTIONS: ServerOptions & { closeTimeout: number; maxFragments: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: 65_536,
  maxFragments: 1024,
  closeTimeout: 2000,
}

/** What the `upgrade` event of `node:http` hands over. */
export type Upgrade = readonly [request: IncomingMessage, socket: Duplex, head: Buffer]

/** Makes sockets of requests, and keeps an eye on them. One for each stream. */
export class SocketServer {
  readonly #stream: StreamBase
  readonly #clock: Clock
  readonly #server = new WebSocketServer(OPTIONS)
  readonly #waiting = new Map<SocketConnection, { network: string; cancel: Cancel }>()
  readonly #connections = new Set<SocketConnection>()
  #cancelLife: Cancel | undefined

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
  accept([request, socket, head]: Upgrade, prefixes: Iterable<string>, options: SocketRouteOptions): void {
    try {
      const route = this.#routeOf(request, prefixes, options)
      route.check(request)
      this.#checkRoom(request)
      // A handshake that is none is answered with status 400, 405 or 426.
      this.#server.handleUpgrade(request, socket, head, (accepted) => this.#serve([accepted, socket], route, request))
    } catch (error) {
      if (!(error instanceof Refusal)) this.#logError(error)
      refuseUpgrade(socket, error)
    }
  }

  /** Far ends that have not introduced themselves are waited for no more. */
  close(): void {
    for (const connection of this.#waiting.keys()) connection.close(1001, 'connection_closed')
  }

  #routeOf(request: IncomingMessage, prefixes: Iterable<string>, options: SocketRouteOptions): SocketRoute {
    const paths = Array.from(prefixes, (prefix) => socketPath(request.url, prefix))
    const route = socketRoutesOf(this.#stream, options).find(({ path }) => paths.includes(path))
    if (route === undefined) throw NO_ROUTE
    return route
  }

  #checkRoom(request: IncomingMessage): void {
    const network = networkOf(request.socket.remoteAddress)
    const siblings = [...this.#waiting.values()].filter((other) => other.network === network).length
    if (this.#waiting.size < MAX_WAITING && siblings < MAX_WAITING_OF_ONE) return
    throw new Refusal(503, 'too_many_connections', 'Too many connections have not begun a session yet', {
      'retry-after': '10',
    })
  }

  #serve([socket, stream]: readonly [WebSocket, Duplex], route: SocketRoute, request: IncomingMessage): void {
    const { remoteAddress } = request.socket
    const listener = {
      onStarted: (started: SocketConnection) => this.#stopWaiting(started),
      onGone: (gone: SocketConnection) => this.#forget(gone),
      onError: (error: unknown) => this.#logError(error),
    }
    const connection = new SocketConnection(socket, stream, remoteAddress, listener, this.#clock)
    const cancel = this.#clock.after(START_MS, () => connection.close(1008, 'start_timeout'))
    this.#waiting.set(connection, { network: networkOf(remoteAddress), cancel })
    this.#connections.add(connection)
    this.#cancelLife ??= this.#clock.every(LIFE_MS, () => this.#checkLife())
    connection.serve(route.serve(connection, request))
  }

  #stopWaiting(connection: SocketConnection): void {
    this.#waiting.get(connection)?.cancel()
    this.#waiting.delete(connection)
  }

  #forget(connection: SocketConnection): void {
    this.#stopWaiting(connection)
    this.#connections.delete(connection)
    if (this.#connections.size > 0) return
    this.#cancelLife?.()
    this.#cancelLife = undefined
  }

  #checkLife(): void {
    for (const connection of this.#connections) connection.checkLife()
  }

  #logError(error: unknown): void {
    this.#stream.options.logger.error(`A socket failed: ${describeThrown(error)}`)
  }
}
