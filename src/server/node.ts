/**
 * Parley's routes on a server of `node:http` or `node:https`.
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { mountPath } from './app.ts'
import { checkMount, hasMethods } from './check-mount.ts'
import { nodeListener } from './node-listener.ts'
import { type MountOptions, wantsPage } from './options.ts'
import { isRoutePath } from './routes.ts'
import { mountedAt, type Stream } from './stream.ts'
import { acceptUpgrades } from './upgrade.ts'

/**
 * Adds a stream's routes to a server of `node:http` or `node:https`, in front of the listeners that it has by now: they
 * get every other request. With none, other requests get status 404. Requests for WebSockets at other addresses are left to the
 * server's own listeners, too.
 *
 * @param stream - answers the requests
 * @param server - the server, listening or not
 * @param path - prefix, such as `'/voice'`; default none
 * @param options - `page`: also the built-in page at `{path}/`
 * @returns the same server
 * @throws TypeError for an app of a framework, when `path` isn't empty and doesn't begin with a slash, or for an option that
 * doesn't exist
 */
export function mount<AnyServer extends Pick<Server, 'listeners' | 'removeAllListeners' | 'on'>>(
  stream: Stream,
  server: AnyServer,
  path = '',
  options: MountOptions = {},
): AnyServer {
  checkMount(stream, server, SERVER)
  const prefix = mountPath(path)
  const page = wantsPage(options)
  const listener = nodeListener(stream, { path: prefix, page })
  const others = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (others.length === 0 || isOurs(request.url ?? '', prefix, page)) listener(request, response)
    else for (const other of others) other.call(server, request, response)
  })
  acceptUpgrades(server, stream, prefix)
  mountedAt(stream, prefix)
  return server
}

/** An app of Express emits events too, but is a function. */
const SERVER = {
  app: 'a server of node:http or node:https',
  isApp: (app: unknown) => typeof app === 'object' && hasMethods(app, ['listeners', 'removeAllListeners', 'on']),
}

function isOurs(url: string, prefix: string, page: boolean): boolean {
  const path = url.split('?', 1)[0] ?? ''
  return (page && path === prefix) || (path.startsWith(prefix) && isRoutePath(path.slice(prefix.length), page))
}
