import type { EventEmitter } from 'node:events'
import { ChannelClosedError, ParleyError } from '../errors.ts'
import { describeThrown, toWebRTCError } from '../frames/thrown.ts'
import { announce } from './announce.ts'
import type { Outbox } from './outbox.ts'
import type { Session, SessionEvents } from './session.ts'

/** Spreads what happens in a session: to its listeners, its client and the log. */
export class SessionNews {
  readonly #session: Session
  readonly #outbox: Outbox

  /**
   * @param session - whose listeners are told
   * @param outbox - reaches its client
   */
  constructor(session: Session, outbox: Outbox) {
    this.#session = session
    this.#outbox = outbox
  }

  /**
   * Tells listeners of an event.
   *
   * @param name - which
   * @param args - what belongs to it
   */
  announce<Name extends keyof SessionEvents>(name: Name, ...args: SessionEvents[Name]): void {
    // Node's types don't follow a generic name to its arguments; the signature above does.
    const emitter = this.#session as unknown as EventEmitter
    announce(this.#outbox.logger, () => void emitter.emit(name, ...args))
  }

  /**
   * Tells everybody of an error.
   *
   * @param error - what went wrong
   */
  report(error: Error): void {
    const { logger } = this.#outbox
    // What was under way when the session ended fails because it ended.
    const isAftermath = this.#session.state === 'closed' && error.cause instanceof ChannelClosedError
    logger[isAftermath ? 'debug' : 'error'](`session ${this.#session.id}: ${describeThrown(error)}`)
    if (isAftermath) return
    this.#outbox.notice('error', error.message)
    if (this.#session.listenerCount('error') > 0) {
      this.announce('error', error instanceof ParleyError ? error : toWebRTCError(error))
    }
  }
}
