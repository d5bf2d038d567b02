import { InvalidRequestError } from '../errors.ts'
import type { StreamBase } from '../stream/stream-base.ts'
import { WEBHOOK_PATH } from '../telephony/telephone-address.ts'
import { NO_TELEPHONE } from '../telephony/telephone-desk.ts'
import type { RouteSettings } from './options.ts'
import { checkLoopbackHost, checkOrigin, isAllowedOrigin } from './origin.ts'
import { PAGE_PATHS, pageRoutes } from './page-routes.ts'
import { readJson, readText } from './read-json.ts'
import { Refusal } from './refusal.ts'
import { SOCKET_PATHS } from './socket-paths.ts'

/** What a server knows of a request beside the request itself. */
export interface RequestContext {
  /** The address that the connection came from, without port; undefined where the server doesn't tell. */
  readonly remoteAddress?: string | undefined
  /** The path that was asked for, where a framework has taken its prefix off the request's. */
  readonly path?: string | undefined
}

/** One address below the mount path, and what it answers. */
export interface Route {
  /** The path, with a leading slash; a last segment of `*` stands for any rest. */
  readonly path: string
  /** The method beside OPTIONS; GET includes HEAD. */
  readonly method: 'GET' | 'POST'
  /** Answers a request that passed every check. */
  handle(request: Request, context: RequestContext): Promise<Response>
}

/** Which routes there are, and what they go by. */
export interface RouteOptions extends RouteSettings {
  /** Whether the built-in page is among them. */
  readonly page: boolean
  /** Whether only loopback names are served, see {@link checkLoopbackHost}. */
  readonly loopbackOnly: boolean
}

/**
 * The routes of the wire protocol for one stream.
 *
 * @param stream - answers the requests
 * @param options - which routes, and what they go by
 * @returns the routes, for paths relative to wherever they are mounted
 */
export function routesOf(stream: StreamBase, options: RouteOptions): Route[] {
  const signaling: Route[] = [
    { path: '/webrtc/offer', method: 'POST', handle: (...call) => answerOffer(stream, options, ...call) },
    { path: '/webrtc/config', method: 'GET', handle: async (r) => Response.json(await stream.clientConfiguration(r)) },
    { path: WEBHOOK_PATH, method: 'POST', handle: (...call) => answerTelephone(options, ...call) },
    ...SOCKET_PATHS.map((path) => ({ path, method: 'GET' as const, handle: askForUpgrade })),
  ]
  return options.page ? [...signaling, ...pageRoutes(stream, options.bodyTimeoutMs)] : signaling
}

/**
 * The paths of all routes.
 *
 * @param page - whether the built-in page is among the routes
 * @returns them, below the mount path; a last segment of `*` stands for any rest
 */
export function routePaths(page: boolean): readonly string[] {
  return ['/webrtc/offer', '/webrtc/config', WEBHOOK_PATH, ...SOCKET_PATHS, ...(page ? PAGE_PATHS : [])]
}

/**
 * Tells a route's path from the paths of the server that the routes share.
 *
 * @param path - a request's path, below the mount path
 * @param page - whether the built-in page is among the routes
 * @returns whether a route answers it
 */
export function isRoutePath(path: string, page: boolean): boolean {
  return routePaths(page).some((route) => (route.endsWith('/*') ? path.startsWith(route.slice(0, -1)) : path === route))
}

/** A server without a listener for upgrades takes a request for a socket for an ordinary one. */
function askForUpgrade(): Promise<Response> {
  const message =
    'This address takes WebSockets. If one was asked for, this server does not hand upgrades to the stream: ' +
    "server.on('upgrade', (request, socket, head) => stream.handleUpgrade(request, socket, head))"
  throw new Refusal(426, 'upgrade_required', message, { connection: 'Upgrade', upgrade: 'websocket' })
}

async function answerOffer(
  stream: StreamBase,
  options: RouteOptions,
  request: Request,
  context: RequestContext,
): Promise<Response> {
  const body = await readJson(request, options.bodyTimeoutMs)
  const { remoteAddress } = context
  const from = remoteAddress === undefined ? {} : { remoteAddress }
  return Response.json(await stream.offer(body, { signal: request.signal, request, ...from }))
}

async function answerTelephone(options: RouteOptions, request: Request, context: RequestContext): Promise<Response> {
  const { telephone, bodyTimeoutMs } = options
  if (telephone === undefined) throw NO_TELEPHONE
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers.get('content-type') ?? '')) {
    throw new Refusal(415, 'form_expected', 'A webhook posts a form (application/x-www-form-urlencoded)')
  }
  const body = await readText(request, bodyTimeoutMs)
  const { pathname, search } = new URL(request.url)
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined
  const markup = telephone.answer({ path: context.path ?? pathname, search, body, header })
  return new Response(markup, { headers: { 'content-type': 'text/xml; charset=utf-8' } })
}

/**
 * Answers a request to a route: checks first, whatever happens an answer, and the headers that all answers share.
 *
 * @param route - the route that the request's path led to
 * @param options - what the checks go by
 * @param log - is told of an error that is not the client's
 * @param request - the request
 * @param context - what the server knows beside it
 * @returns the answer; this never rejects
 */
export async function respond(
  route: Route,
  options: RouteOptions,
  log: (message: string, error: unknown) => void,
  request: Request,
  context: RequestContext,
): Promise<Response> {
  const response = await attempt(route, options, request, context).catch((error: unknown) => {
    const refusal = refusalOf(error)
    // Whoever has gone since is told nothing, and what failed by that is nobody's fault.
    if (refusal.status >= 500 && !request.signal.aborted) log(`${request.method} ${route.path} failed`, error)
    return refusal.toResponse()
  })
  return withSharedHeaders(response, request, options)
}

async function attempt(
  route: Route,
  options: RouteOptions,
  request: Request,
  context: RequestContext,
): Promise<Response> {
  // What a provider has signed was meant for this server, whatever name led to it.
  const isSigned = route.path === WEBHOOK_PATH && options.telephone?.isGuarded === true
  if (options.loopbackOnly && !isSigned) checkLoopbackHost(request, options.allowedOrigins)
  // A person who follows a link to the page comes from another site by right; only what it does then is guarded.
  if (/^\/(webrtc|websocket|page)\//.test(route.path)) checkOrigin(request, options.allowedOrigins)
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: preflight(route, request) })
  const allowed = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]
  if (!allowed.includes(request.method)) {
    const allow = [...allowed, 'OPTIONS'].join(', ')
    throw new Refusal(405, 'method_not_allowed', `Only ${allowed.join(', ')} and OPTIONS are answered here`, { allow })
  }
  return route.handle(request, context)
}

/** For a page whose origin is allowed any header is: what one means, such as a token, is for the user's own code. */
function preflight(route: Route, request: Request): Record<string, string> {
  return {
    'access-control-allow-methods': route.method,
    'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? 'content-type',
    'access-control-max-age': '600',
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof InvalidRequestError) return new Refusal(error.status, 'invalid_request', error.message)
  return new Refusal(500, 'internal_error', 'The server could not answer; its log says why')
}

function withSharedHeaders(response: Response, request: Request, options: RouteOptions): Response {
  const origin = request.headers.get('origin')
  response.headers.set('x-content-type-options', 'nosniff')
  // Answers and configurations are made for one caller, and a configuration may hold short-lived credentials.
  if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
  response.headers.append('vary', 'Origin')
  if (isAllowedOrigin(origin, options.allowedOrigins)) response.headers.set('access-control-allow-origin', origin)
  return response
}
