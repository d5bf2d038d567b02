import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ListenError } from '../errors.ts'
import { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { describe } from '../frames/describe.ts'
import { CLOSED } from '../stream/admission.ts'
import { checkBoolean, checkDrain, checkObject, isRecord, wrongType } from '../stream/checks.ts'
import type { Session } from '../session/session.ts'
import { openSocket, StreamBase } from '../stream/stream-base.ts'
import type { StreamBaseOptions } from '../stream/stream-base.ts'
import { addRoutes, createApp, mountPath } from './app.ts'
import { checkMount, hasMethods } from './check-mount.ts'
import type { HonoApp } from './hono-app.ts'
import { launch } from './launch.ts'
import type { LaunchedServer, LaunchOptions } from './launch.ts'
import { routeSettings, wantsPage } from './options.ts'
import type { MountOptions, RouteSettings, ServerOptions } from './options.ts'
import { SocketServer } from './socket-server.ts'
import type { CallOptions } from '../telephony/call-options.ts'
import type { OutboundCall } from '../telephony/outbound-call.ts'
import { TelephoneDesk } from '../telephony/telephone-desk.ts'
import { resolveTelephony, type TelephonyOptions } from '../telephony/telephony-options.ts'

/** Options of {@link Stream}: what it does with media, and who may reach it. */
export type StreamOptions = StreamBaseOptions & ServerOptions

/** How {@link Stream.fetch} reads a request. */
export interface FetchOptions extends MountOptions {
  /** The prefix in front of the routes in the requests' paths. Default none. */
  readonly path?: string
  /** The address that the request came from, for `Session.remoteAddress` until media tells it. Default unknown. */
  readonly remoteAddress?: string | undefined
  /** The path that was asked for, when the request's own lacks a prefix that a framework took off. Default the request's. */
  readonly requestPath?: string | undefined
}

// Assigned by the class, and kept off it so that users don't see it.
let mountTelephone: (stream: Stream, prefix: string) => void

/**
 * A handler, offered to browsers: each connection gets a copy of it. Mount it on a web server of your own, or
 * {@link launch} one with the built-in page.
 *
 * ```ts
 * const stream = new Stream({ handler: new Echo() })
 * await stream.launch({ port: 7860 })
 * ```
 */
export class Stream extends StreamBase {
  readonly #settings: RouteSettings
  readonly #apps = new Map<string, ReturnType<typeof createApp>>()
  readonly #launched = new Set<LaunchedServer>()
  readonly #sockets = new SocketServer(this)
  readonly #mounted = new Set<string>()

  /**
   * @param options - the handler, and whatever differs from the defaults
   * @throws TypeError or RangeError naming the option that can't be used
   */
  constructor(options: StreamOptions) {
    const { allowedOrigins, requestTimeout, telephony, ...core } = checkGiven(options)
    super(core)
    const telephone = telephony === undefined ? undefined : this.#openTelephone(telephony)
    this.#settings = routeSettings({ ...given({ allowedOrigins, requestTimeout }) }, telephone)
  }

  /**
   * Adds the routes to a Hono app: `POST {path}/webrtc/offer` and `GET {path}/webrtc/config`. WebSockets don't come by way of
   * the app: hand its server's to {@link handleUpgrade}. For other servers see `parley-rtc/express`, `parley-rtc/fastify` and
   * `parley-rtc/node`.
   *
   * @param app - the app
   * @param path - prefix, such as `'/voice'`; default none
   * @param options - `page`: also the built-in page at `{path}/`
   * @returns the same app
   * @throws TypeError when `path` isn't empty and doesn't begin with a slash, for an option that doesn't exist, or for another
   * kind of app, naming the module that mounts on it
   */
  mount<App extends HonoApp>(app: App, path = '', options: MountOptions = {}): App {
    checkMount(this, app, HONO)
    const prefix = mountPath(path)
    addRoutes(app, prefix, this, this.#routeOptions(wantsPage(options)))
    this.#mounted.add(prefix)
    this.#settings.telephone?.mountedAt(prefix)
    return app
  }

  /**
   * Answers a request of the Fetch API: the same routes, for any server that speaks it.
   *
   * @param request - the request; its path decides the route
   * @param options - `path`: the prefix that the routes have there; `page`: whether the built-in page is among them
   * @returns the answer; status 404 for a path that is no route
   * @throws TypeError for what is no request, or an option that can't be used
   */
  async fetch(request: Request, options: FetchOptions = {}): Promise<Response> {
    checkObject('', options, ['path', 'page', 'remoteAddress', 'requestPath'])
    const { path = '', page = false, remoteAddress, requestPath } = options
    if (!isRequest(request)) throw new TypeError(`fetch takes a Request of the Fetch API, not ${describe(request)}`)
    const key = `${page} ${path}`
    const app = this.#apps.get(key) ?? createApp(mountPath(path), this, this.#routeOptions(checkBoolean('page', page)))
    this.#apps.set(key, app)
    return app.fetch(request, { incoming: { socket: { remoteAddress }, originalUrl: requestPath } })
  }

  /**
   * Answers a request for a WebSocket, as the `upgrade` event of `node:http` hands it over: `WS {path}/websocket/offer`. What is
   * no route is refused with status 404, so ask for other addresses first.
   *
   * ```ts
   * const server = serve({ fetch: app.fetch })
   * server.on('upgrade', (request, socket, head) => stream.handleUpgrade(request, socket, head))
   * ```
   *
   * @param request - the request
   * @param socket - its connection
   * @param head - what came after the request's head
   * @param options - `path`: the prefix that the routes have; default: where {@link mount} has put them
   * @throws TypeError for what is no request or connection, a prefix or an option that can't be used
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: { path?: string } = {}): void {
    checkUpgrade(request, socket, head)
    const { path } = checkObject('', options, ['path']) as { path?: string }
    const prefixes = path === undefined ? (this.#mounted.size > 0 ? this.#mounted : ['']) : [mountPath(path)]
    this.#sockets.accept([request, socket, head], prefixes, { ...this.#settings, loopbackOnly: false })
  }

  /**
   * Starts a server with the built-in page, and prints its URL.
   *
   * @param options - where to listen; by default port 7860 of this machine only
   * @returns the page's URL, and `close()`, which stops the server; {@link close} stops it too
   * @throws ListenError when the port is taken, naming it, the address isn't this machine's, or the stream was closed
   */
  async launch(options: LaunchOptions = {}): Promise<LaunchedServer> {
    if (this.isClosed) throw new ListenError(CLOSED)
    const server = await launch(this, this.#settings, this.#sockets, options)
    const launched: LaunchedServer = { url: server.url, close: () => this.#stop(launched, server) }
    this.#launched.add(launched)
    return launched
  }

  /**
   * Calls somebody by telephone: the handler talks with whoever answers. Needs the option `telephony`, with `publicUrl`.
   *
   * ```ts
   * const call = await stream.call({ to: '+15550100', from: '+15550199' })
   * const session = await call.answered()
   * ```
   *
   * @param options - whom, and how
   * @returns the call, which rings from now on
   * @throws TypeError or RangeError naming an option that can't be used; CredentialsError when a key of the provider's is missing;
   * TelephoneError when the provider refuses, with what it says, or can't be reached, or all places are taken
   */
  async call(options: CallOptions): Promise<OutboundCall> {
    const { telephone } = this.#settings
    if (telephone !== undefined) return telephone.call(options)
    throw new TypeError(
      "The method call needs the option telephony, as in new Stream({ handler, telephony: { provider: twilio(), publicUrl: 'https://voice.example.org' } })",
    )
  }

  /**
   * Takes no new session, ends the others, and stops the servers that {@link launch} started. Settles when clients were
   * told, which has 2 s, and handlers' `shutdown()` has settled, which has 5 s.
   *
   * @param options - `drain`: seconds that the sessions may go on meanwhile; default: they end now
   * @throws TypeError or RangeError naming a `drain` that can't be used; nothing is closed then
   */
  override async close(options?: Parameters<StreamBase['close']>[0]): Promise<void> {
    checkDrain(options)
    this.#sockets.close()
    this.#settings.telephone?.close()
    await Promise.all([super.close(options), ...[...this.#launched].map((server) => server.close())])
    await this.#sockets.settled()
  }

  async #stop(launched: LaunchedServer, server: LaunchedServer): Promise<void> {
    this.#launched.delete(launched)
    await server.close()
  }

  #openTelephone(options: TelephonyOptions): TelephoneDesk {
    const { modality, concurrencyLimit, logger } = this.options
    if (modality !== 'audio') {
      throw new TypeError(
        `The option telephony needs the modality 'audio', not '${modality}': a telephone has no picture`,
      )
    }
    return new TelephoneDesk(resolveTelephony(options), {
      open: (request, peer) => openSocket(this, request, peer),
      hasRoom: () => [...this.sessions.values()].filter(isTaken).length < concurrencyLimit,
      isClosed: () => this.isClosed,
      logger,
    })
  }

  #routeOptions(page: boolean): RouteSettings & { page: boolean; loopbackOnly: boolean } {
    return { ...this.#settings, page, loopbackOnly: false }
  }

  static {
    mountTelephone = (stream, prefix) => stream.#settings.telephone?.mountedAt(prefix)
  }
}

/**
 * Says where a server's sockets come to a stream, for calls that are placed before any came in.
 *
 * @param stream - whose
 * @param prefix - of its routes
 */
export function mountedAt(stream: Stream, prefix: string): void {
  mountTelephone(stream, prefix)
}

/** An offer may never come to a connection; a socket is one. */
function isTaken({ state, transport }: Session): boolean {
  return state !== 'connecting' || transport !== 'webrtc'
}

/** Apps and routers of Express and Fastify have a method `all` too, which would take the routes and fail at the first request. */
const HONO = {
  app: 'a Hono app',
  isApp: (app: Record<string, unknown>) => typeof app === 'object' && 'all' in app && !('listen' in app),
}

/** Without them a socket would be waited for that never answers. */
function checkUpgrade(request: unknown, socket: unknown, head: unknown): void {
  const example = "as in server.on('upgrade', (request, socket, head) => stream.handleUpgrade(request, socket, head))"
  if (!hasMethods(request, ['on']) || !isRecord(Object(request)['headers'])) {
    throw new TypeError(`handleUpgrade takes a request of node:http first, ${example}, not ${describe(request)}`)
  }
  if (!hasMethods(socket, ['once', 'write', 'end', 'destroy'])) {
    throw new TypeError(`handleUpgrade takes the request's connection next, ${example}, not ${describe(socket)}`)
  }
  if (!(head instanceof Uint8Array)) {
    throw new TypeError(
      `handleUpgrade takes what came behind the request's head last, ${example}, not ${describe(head)}`,
    )
  }
}

/** Of any realm or polyfill; a request of `node:http`, or of Express, is none. */
function isRequest(value: unknown): boolean {
  const { url, headers } = Object(value) as Partial<Request>
  return typeof url === 'string' && typeof headers?.get === 'function'
}

function checkGiven(options: StreamOptions): StreamOptions {
  if (isRecord(options) && !(options instanceof StreamHandlerBase)) return options
  throw wrongType('', 'an object with a handler, as in new Stream({ handler: new Echo() })', options)
}

/** Leaves out what wasn't given, for an option that is undefined isn't the same as one that is absent. */
function given(options: { [K in keyof ServerOptions]: ServerOptions[K] | undefined }): ServerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ServerOptions
}
