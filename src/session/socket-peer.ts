import type { WireSettings } from '../native/socket-link.ts'
import type { FailedResult } from '../signaling/offer-result.ts'
import type { Session } from './session.ts'

/**
 * The far end of a session over a socket: a page, or a phone provider. Its audio goes between the media thread and the socket. None
 * of these may throw but where it says so.
 */
export interface SocketPeer {
  /**
   * The session was admitted and has its media. Comes before everything else.
   *
   * @param session - what users see of it
   * @param wire - what its audio is like on the socket
   */
  onOpen(session: Session, wire: WireSettings): void
  /** @param result - why there is no session; nothing follows */
  onRefused(result: FailedResult): void
  /**
   * A message of the wire protocol, or the handler's own. Without this they go nowhere.
   *
   * @param text - up to 64 KiB
   * @throws ChannelClosedError, or ChannelFullError when too much waits already
   */
  onMessage?(text: string): void
  /** @param reason - why the session has ended; nothing follows */
  onEnd(reason: string): void
}
