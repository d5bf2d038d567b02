import { Socket } from 'node:net'
import { platform } from 'node:process'
import type { Duplex } from 'node:stream'

/**
 * Finds the descriptor of a connection by which another thread may read and write it.
 *
 * @param stream - the connection
 * @returns undefined for one that isn't the network's own (TLS), still writes, has ended, or is of another runtime or Windows
 */
export function descriptorOf(stream: Duplex): number | undefined {
  const isPlain = Object.getPrototypeOf(stream) === Socket.prototype
  if (platform === 'win32' || !isPlain || stream.destroyed || stream.readableEnded || stream.writableLength > 0) {
    return undefined
  }
  // Node doesn't document it, so nothing is taken for granted: the addon checks that it is a connected socket.
  const handle = Reflect.get(stream, '_handle') as { fd?: unknown } | null | undefined
  return typeof handle?.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined
}
