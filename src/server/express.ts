/**
 * Parley's routes on an Express app, version 4 or 5.
 *
 * @module
 */
import type { NextFunction, Request, Response } from 'express'
import { mountPath } from './app.ts'
import { checkMount, hasMethods } from './check-mount.ts'
import { nodeListener } from './node-listener.ts'
import { type MountOptions, wantsPage } from './options.ts'
import { isRoutePath } from './routes.ts'
import { mountedAt, type Stream } from './stream.ts'
import { acceptUpgrades, type UpgradeServer } from './upgrade.ts'

/** The part of an Express app or router that the routes are added by. */
export interface ExpressApp {
  /** Adds a middleware below a path. */
  use(path: string, handler: (request: Request, response: Response, next: NextFunction) => void): unknown
}

/**
 * Adds a stream's routes to an Express app or router. They work before or after `express.json()`.
 *
 * WebSockets don't come by way of the app: the server that `app.listen()` makes hands them to the stream. A server made in
 * another way needs `server.on('upgrade', (request, socket, head) => stream.handleUpgrade(request, socket, head, { path }))`.
 *
 * @param stream - answers the requests
 * @param app - the app or router
 * @param path - prefix, such as `'/voice'`; default none
 * @param options - `page`: also the built-in page at `{path}/`
 * @returns the same app
 * @throws TypeError for another framework's app, when `path` isn't empty and doesn't begin with a slash, or for an option that
 * doesn't exist
 */
export function mount<App extends ExpressApp>(stream: Stream, app: App, path = '', options: MountOptions = {}): App {
  checkMount(stream, app, EXPRESS)
  const prefix = mountPath(path)
  const page = wantsPage(options)
  const listener = nodeListener(stream, { page })
  app.use(prefix || '/', (request, response, next) => {
    // Express hides the prefix from `url`, so `/voice` and `/voice/` look alike, and the page needs the slash.
    const bare = page && request.path === '/' && !/\/(\?|$)/.test(request.originalUrl)
    if (bare) response.redirect(307, `${request.baseUrl.split('/').at(-1)}/`)
    else if (isRoutePath(request.path, page)) listener(request, response)
    else next()
  })
  takeSockets(stream, app, prefix)
  return app
}

/** Both an app and a router are functions; a Hono app, which has `use` too, is not. */
const EXPRESS = {
  app: 'an app or a router of Express',
  isApp: (app: unknown) => typeof app === 'function' && hasMethods(app, ['use']),
}

/** A router doesn't listen; its app may, at a path that isn't known here. */
function takeSockets(stream: Stream, router: object, prefix: string): void {
  const app: { listen?: unknown } = router
  const { listen } = app
  if (typeof listen !== 'function') return
  mountedAt(stream, prefix)
  app.listen = (...args: unknown[]) => {
    const server = listen.apply(app, args) as UpgradeServer
    acceptUpgrades(server, stream, prefix)
    return server
  }
}
