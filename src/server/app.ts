import { Hono } from 'hono'
import { describe } from '../frames/describe.ts'
import { describeThrown } from '../frames/thrown.ts'
import type { StreamBase } from '../stream/stream-base.ts'
import type { HonoApp } from './hono-app.ts'
import { respond, routesOf } from './routes.ts'
import type { RequestContext, RouteOptions } from './routes.ts'

/**
 * Adds a stream's routes to a Hono app.
 *
 * @param app - the app
 * @param path - prefix: empty, or with a leading slash and without one at the end, as {@link mountPath} makes it
 * @param stream - answers the requests
 * @param options - which routes, and what they go by
 */
export function addRoutes(app: HonoApp, path: string, stream: StreamBase, options: RouteOptions): void {
  const log = (message: string, error: unknown): void =>
    stream.options.logger.error(`${message}: ${describeThrown(error)}`)
  for (const route of routesOf(stream, options)) {
    app.all(path + route.path, ({ req, env }) => respond(route, options, log, req.raw, contextOf(env)))
  }
  // The page names its files relative to its own address, so that must end in a slash.
  if (options.page && path !== '') app.all(path, () => Promise.resolve(redirectInto(path)))
}

/**
 * A Hono app with nothing but a stream's routes.
 *
 * @param path - prefix, see {@link addRoutes}
 * @param stream - answers the requests
 * @param options - which routes, and what they go by
 * @returns the app; other paths answer 404
 */
export function createApp(path: string, stream: StreamBase, options: RouteOptions): Hono {
  const app = new Hono()
  addRoutes(app, path, stream, options)
  return app
}

/**
 * Normalises a prefix.
 *
 * @param path - such as `'/voice'`; `''` and `'/'` mean none
 * @returns empty, or with a leading slash and without one at the end
 * @throws TypeError naming a value that is no plain path
 */
export function mountPath(path: string): string {
  if (typeof path !== 'string' || (path !== '' && !/^\/[\w\-.~%!$&'()+,;=@/]*$/.test(path))) {
    throw new TypeError(`A mount path must be empty or begin with a slash, like '/voice', not ${describe(path)}`)
  }
  return path.replace(/\/+$/, '')
}

function redirectInto(path: string): Response {
  // A relative address holds behind a proxy that strips or adds a prefix of its own.
  return new Response(null, { status: 307, headers: { location: `${path.slice(path.lastIndexOf('/') + 1)}/` } })
}

function contextOf(env: unknown): RequestContext {
  const { incoming } = (env ?? {}) as { incoming?: { socket?: { remoteAddress?: string }; originalUrl?: string } }
  return { remoteAddress: incoming?.socket?.remoteAddress, path: incoming?.originalUrl?.split('?', 1)[0] }
}
