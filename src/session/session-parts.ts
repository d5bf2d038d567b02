import type { HandlerSocket } from '../handlers/handler-socket.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import type { TelephoneCall } from '../handlers/telephone-call.ts'
import type { Logger } from './logger.ts'
import type { Transport } from './session.ts'

/** What a session is made of. */
export interface SessionParts {
  /** The id that the client chose. */
  id: string
  /** The copy made for it. */
  handler: StreamHandlerBase
  /** Where to write what an operator may want to read. */
  logger: Logger
  /** How the client reaches the server. */
  transport: Transport
  /** What `getCurrentContext().websocket` is in the handler; undefined for a session over WebRTC. */
  websocket?: HandlerSocket
  /** The call that it serves; undefined unless it came by telephone. */
  call?: TelephoneCall | undefined
  /** The address that the offer or the socket came from, until media tells it. */
  remoteAddress: string | undefined
  /** How long it may last once connected, in seconds; `Infinity` for no limit. */
  timeLimit: number
  /** How much emitted audio may wait before `emit` is called again, in ms. */
  outputTargetMs: number
  /** Whether emitted audio is dropped, for a client that only sends. */
  muted: boolean
}
