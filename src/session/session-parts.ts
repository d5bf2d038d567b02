import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import type { Logger } from './logger.ts'

/** What a session is made of. */
export interface SessionParts {
  /** The id that the client chose. */
  id: string
  /** The copy made for it. */
  handler: StreamHandlerBase
  /** Where to write what an operator may want to read. */
  logger: Logger
  /** The address that the offer came from, until media tells it. */
  remoteAddress: string | undefined
  /** How long it may last once connected, in seconds; `Infinity` for no limit. */
  timeLimit: number
  /** How much emitted audio may wait before `emit` is called again, in ms. */
  outputTargetMs: number
  /** Whether emitted audio is dropped, for a client that only sends. */
  muted: boolean
}
