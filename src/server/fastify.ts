/**
 * Parley's routes on a Fastify app, version 4 or 5.
 *
 * @module
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { mountPath } from './app.ts'
import { checkMount, hasMethods } from './check-mount.ts'
import { nodeListener } from './node-listener.ts'
import { type MountOptions, wantsPage } from './options.ts'
import { routePaths } from './routes.ts'
import { mountedAt, type Stream } from './stream.ts'
import { acceptUpgrades } from './upgrade.ts'

/**
 * Adds a stream's routes to a Fastify app, in a scope of their own: the app's body parsers don't touch their requests,
 * its hooks see them. Requests for WebSockets at the stream's addresses don't come by way of the app; others are left to it.
 *
 * @param stream - answers the requests
 * @param app - the app; its prefix, if it has one, goes in front
 * @param path - prefix, such as `'/voice'`; default none
 * @param options - `page`: also the built-in page at `{path}/`
 * @returns the same app
 * @throws TypeError for another framework's app, when `path` isn't empty and doesn't begin with a slash, or for an option that
 * doesn't exist
 */
export function mount<App extends Pick<FastifyInstance, 'register'>>(
  stream: Stream,
  app: App,
  path = '',
  options: MountOptions = {},
): App {
  checkMount(stream, app, FASTIFY)
  const page = wantsPage(options)
  // Fastify reports an error of a plugin when the app becomes ready.
  void app.register((scope, _options, done) => addTo(scope, stream, page, done), { prefix: mountPath(path) })
  return app
}

const FASTIFY = {
  app: 'an app of Fastify',
  isApp: (app: unknown) => hasMethods(app, ['register', 'addContentTypeParser']),
}

function addTo(scope: FastifyInstance, stream: Stream, page: boolean, done: () => void): void {
  const prefix = mountPath(scope.prefix)
  const listener = nodeListener(stream, { path: prefix, page })
  acceptUpgrades(scope.server, stream, prefix)
  mountedAt(stream, prefix)
  const handler = (request: FastifyRequest, reply: FastifyReply): void => {
    // What hooks have set so far, such as CORS headers, is sent along.
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value)
    }
    reply.hijack()
    listener(request.raw, reply.raw)
  }
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, payload, next) => next(null, payload))
  // Below a prefix Fastify takes '/' for the prefix with and without its slash.
  for (const path of routePaths(page)) scope.all(path, handler)
  done()
}
