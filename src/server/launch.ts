import type { Server, ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { ListenError } from '../errors.ts'
import { checkBoolean, checkInteger, checkObject, wrongType } from '../stream/checks.ts'
import type { StreamBase } from '../stream/stream-base.ts'
import { createApp, mountPath } from './app.ts'
import type { RouteSettings } from './options.ts'
import type { SocketServer } from './socket-server.ts'

/** Where a launched server listens. */
export interface LaunchOptions {
  /** Address or name of an interface; `'0.0.0.0'` or `'::'` for all of them. Default `'127.0.0.1'`: this machine only. */
  readonly host?: string
  /** TCP port, 0 to 65,535; 0 takes a free one. Default 7860. */
  readonly port?: number
  /** Prefix of the page and the routes. Default none: the page is at `/`. */
  readonly path?: string
  /** Whether the URL isn't printed to stdout. Default false. */
  readonly quiet?: boolean
}

/** A server that `Stream.launch` started. */
export interface LaunchedServer {
  /** The address of the built-in page, with a slash at the end. */
  readonly url: string
  /**
   * Stops listening and ends idle connections at once, others after their answer, which has 5 s. Sessions go on, see
   * `Stream.close`.
   */
  close(): Promise<void>
}

/** How long requests may still be answered once the server is closed, in ms. */
const ANSWER_MS = 5000

/**
 * Serves a stream with the built-in page.
 *
 * @param stream - answers the requests
 * @param settings - what the routes go by
 * @param sockets - takes requests for sockets
 * @param options - where to listen
 * @returns the running server
 * @throws AddonMissingError when there can be no media on this machine; WorkerLoadError when a handler's module can't be used;
 * ListenError when the port is taken or the address can't be listened on; RangeError for a port out of range; TypeError for another value that can't be, or an option that doesn't exist
 */
export async function launch(
  stream: StreamBase,
  settings: RouteSettings,
  sockets: SocketServer,
  options: LaunchOptions,
): Promise<LaunchedServer> {
  checkObject('', options, ['host', 'port', 'path', 'quiet'])
  const { host = '127.0.0.1', port = 7860, path = '', quiet = false } = options
  if (typeof host !== 'string' || host === '') throw wrongType('host', "an address or a name, such as '0.0.0.0'", host)
  checkInteger('port', port, [0, 65_535])
  checkBoolean('quiet', quiet)
  const prefix = mountPath(path)
  await stream.ready()
  const routeOptions = { ...settings, page: true, loopbackOnly: isLoopback(host) }
  const app = createApp(prefix, stream, routeOptions)
  const serverOptions = timesOf(settings)
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false, serverOptions }) as Server
  server.on('upgrade', (...upgrade) => sockets.accept(upgrade, [prefix], routeOptions))
  await listen(server, host, port)
  settings.telephone?.mountedAt(prefix)
  const url = `http://${urlHost(host)}:${(server.address() as AddressInfo).port}${prefix}/`
  if (!quiet) process.stdout.write(`Parley listens at ${url}\n`)
  return { url, close: () => close(server) }
}

/** Milliseconds. The headers have 10 s, and a whole request 5 s more than its body; looked after every two seconds. */
function timesOf({ bodyTimeoutMs }: RouteSettings): ServerOptions {
  const requestTimeout = Math.max(15_000, bodyTimeoutMs + 5_000)
  return { headersTimeout: 10_000, requestTimeout, connectionsCheckingInterval: 2_000 }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ListenError(reason(error, host, port), { cause: error })),
    )
    server.listen(port, host, () => resolve())
  })
}

function reason(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} on ${host} is in use: stop the program that has it, or launch with another, such as { port: ${port + 1} }, or { port: 0 } for any free one`
  }
  if (error.code === 'EACCES') return `Port ${port} needs rights that this process lacks: take one from 1024 up`
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `This machine has no address ${host} to listen on`
  return `Can't listen on ${host}, port ${port}: ${error.message}`
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), ANSWER_MS)
    // Its only error is that it was closed before, which is as good.
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** A browser gives a page the microphone only at a secure address, and of plain HTTP only this machine's own is one. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
