import type { IncomingMessage } from 'node:http'
import type { StreamBase } from '../stream/stream-base.ts'
import { checkLoopbackHost, checkOrigin, headOf } from './origin.ts'
import { HANDLER_PATH } from '../telephony/telephone-address.ts'
import { NO_TELEPHONE } from '../telephony/telephone-desk.ts'
import { PageSocket } from './page-socket.ts'
import type { RouteOptions } from './routes.ts'
import type { SocketConnection, SocketProtocol } from './socket-connection.ts'

/** An address below the mount path that takes sockets. */
export interface SocketRoute {
  /** The path, with a leading slash. */
  readonly path: string
  /**
   * Decides whether a request may become a socket.
   *
   * @throws Refusal with the answer that it gets instead
   */
  check(request: IncomingMessage): void
  /** What is spoken over an accepted socket. */
  serve(connection: SocketConnection, request: IncomingMessage): SocketProtocol
}

/** What the sockets' routes go by. */
export type SocketRouteOptions = Omit<RouteOptions, 'page'>

/**
 * The addresses of the wire protocol that take sockets.
 *
 * @param stream - serves them
 * @param options - who may use them
 * @returns the routes
 */
export function socketRoutesOf(stream: StreamBase, options: SocketRouteOptions): SocketRoute[] {
  const check = (request: IncomingMessage): void => {
    const head = headOf(request)
    if (options.loopbackOnly) checkLoopbackHost(head, options.allowedOrigins)
    checkOrigin(head, options.allowedOrigins)
  }
  const page = {
    path: '/websocket/offer',
    check,
    serve: (connection: SocketConnection) => new PageSocket(stream, connection),
  }
  return [page, telephoneRoute(options)]
}

function telephoneRoute({ telephone, loopbackOnly, allowedOrigins }: SocketRouteOptions): SocketRoute {
  if (telephone === undefined) return { path: HANDLER_PATH, check: haveNoTelephone, serve: haveNoTelephone }
  const check = (request: IncomingMessage): void => {
    // What a provider has signed was meant for this server, whatever name led to it.
    if (loopbackOnly && !telephone.isGuarded) checkLoopbackHost(headOf(request), allowedOrigins)
    telephone.checkSocket(request)
  }
  return { path: HANDLER_PATH, check, serve: (connection) => telephone.serve(connection) }
}

function haveNoTelephone(): never {
  throw NO_TELEPHONE
}
