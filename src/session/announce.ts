import { captureRejectionSymbol, type EventEmitter } from 'node:events'
import { describeThrown } from '../frames/thrown.ts'
import type { SpeechNews } from '../turn-taking/turn.ts'
import type { Logger } from './logger.ts'
import type { Session } from './session.ts'

/**
 * Tells listeners of an event. What one of them throws is its own affair: it is logged, and nothing else suffers.
 *
 * @param logger - where that goes
 * @param emit - emits the event
 */
export function announce(logger: Logger, emit: () => void): void {
  try {
    emit()
  } catch (error) {
    logListenerError(logger, error)
  }
}

/**
 * Tells a session's listeners of its conversation.
 *
 * @param session - whose listeners
 * @param logger - where goes what they throw
 * @param news - what happened
 */
export function announceSpeech(session: Session, logger: Logger, [name, detail]: SpeechNews): void {
  // Node's types don't follow a name to its arguments; those of the news do.
  announce(logger, () => void (session as unknown as EventEmitter).emit(name, detail))
}

/**
 * Logs what the promises of an emitter's asynchronous listeners are rejected with, where Node would make it an `error`
 * event. The emitter must be made with `captureRejections`.
 *
 * @param emitter - whose listeners
 * @param logger - finds where it goes; called when it is needed
 */
export function logRejections<Events extends Record<keyof Events, unknown[]>>(
  emitter: EventEmitter<Events>,
  logger: () => Logger,
): void {
  Object.defineProperty(emitter, captureRejectionSymbol, {
    value: (error: unknown) => logListenerError(logger(), error),
  })
}

function logListenerError(logger: Logger, error: unknown): void {
  logger.error(`An event listener failed: ${describeThrown(error)}`)
}
