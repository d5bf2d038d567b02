import type { Logger } from './logger.ts'

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
 * Logs what a listener threw, or what its promise was rejected with.
 *
 * @param logger - where it goes
 * @param error - what it was
 */
export function logListenerError(logger: Logger, error: unknown): void {
  logger.error(`An event listener failed: ${describeError(error)}`)
}

/**
 * An error for the log: with its stack, and the stack of its cause.
 *
 * @param error - anything thrown
 * @returns one or more lines
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${describeError(error.cause)}`
  return (error.stack ?? `${error.name}: ${error.message}`) + cause
}
