import { HANDLER_PATH } from '../telephony/telephone-address.ts'

/** The paths of the routes that take sockets, below the mount path. */
export const SOCKET_PATHS: readonly string[] = ['/websocket/offer', HANDLER_PATH]

/**
 * Tells a socket's address from those of the server that it shares.
 *
 * @param url - of a request of `node:http`
 * @param prefix - the mount path
 * @returns the path below it, or undefined when no route takes sockets there
 */
export function socketPath(url: string | undefined, prefix: string): string | undefined {
  const path = url?.split('?', 1)[0] ?? ''
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : ''
  return SOCKET_PATHS.find((each) => each === rest)
}
