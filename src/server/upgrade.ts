import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { Refusal } from './refusal.ts'
import { SOCKET_PATHS, socketPath } from './socket-paths.ts'

/** Takes requests for sockets: a stream. */
export interface UpgradeTaker {
  /** Answers one whose path is known to be a route. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: { path: string }): void
}

/** The part of a server of `node:http` that sockets come by. */
export interface UpgradeServer {
  /** Adds a listener. */
  on(event: 'upgrade', listener: UpgradeListener): unknown
  /** All listeners. */
  listeners(event: 'upgrade'): unknown[]
}

/** What `node:http` calls with a request for another protocol. */
type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Marks our listeners: whether one takes a request. */
const TAKES: unique symbol = Symbol.for('parley-rtc.takes-upgrade')

type OurListener = UpgradeListener & { [TAKES]: (request: IncomingMessage) => boolean }

/**
 * Hands a server's requests for sockets to a stream. Others are left to the server's own listeners; where there are none, they
 * are refused with status 404, for nobody else would answer them.
 *
 * @param server - the server, listening or not
 * @param stream - takes the sockets
 * @param path - prefix of the routes
 */
export function acceptUpgrades(server: UpgradeServer, stream: UpgradeTaker, path: string): void {
  const takes = (request: IncomingMessage): boolean => socketPath(request.url, path) !== undefined
  const listener: OurListener = Object.assign(
    (...upgrade: Parameters<UpgradeListener>) => {
      const all = server.listeners('upgrade')
      const taker = all.find((each) => isOurs(each) && each[TAKES](upgrade[0]))
      if (taker === listener) stream.handleUpgrade(...upgrade, { path })
      else if (taker === undefined && all.every(isOurs) && all.at(-1) === listener) refuseUpgrade(upgrade[1])
    },
    { [TAKES]: takes },
  )
  server.on('upgrade', listener)
}

function isOurs(listener: unknown): listener is OurListener {
  return typeof listener === 'function' && TAKES in listener
}

/** Why a request for a socket at another address is refused. */
export const NO_ROUTE: Refusal = new Refusal(
  404,
  'not_found',
  `No WebSocket is taken at this address; there are ${SOCKET_PATHS.join(' and ')}, behind the path of the routes`,
)
/** How long a far end may take to read why it was refused, in ms. */
const LAST_MS = 2000
const FAILURE = new Refusal(500, 'internal_error', 'The server could not answer; its log says why')

/**
 * Answers a request for a socket with a plain HTTP refusal, and ends the connection.
 *
 * @param socket - the connection, as the `upgrade` event of `node:http` hands it over
 * @param error - a {@link Refusal}, or what went wrong; by default there is no such address
 */
export function refuseUpgrade(socket: Duplex, error: unknown = NO_ROUTE): void {
  const { status, code, message, headers } = error instanceof Refusal ? error : FAILURE
  const body = JSON.stringify({ status: 'failed', meta: { error: code, message } })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  endStream(socket, `${head.join('\r\n')}\r\n\r\n${body}`)
}

/**
 * Sends the last that a connection has to say. Its far end has 2 s to take it; node:http lets connections that change their
 * protocol stay half open for as long as that end likes.
 *
 * @param stream - the connection
 * @param last - what is sent
 */
export function endStream(stream: Duplex, last: string | Uint8Array): void {
  const timer = setTimeout(() => stream.destroy(), LAST_MS)
  stream.once('close', () => clearTimeout(timer))
  // It may be gone already, and nobody else listens for that.
  stream.on('error', () => stream.destroy())
  stream.resume()
  stream.end(last)
}
