import type { DriverClient } from '../driver/driver-client.ts'
import { toWebRTCError } from '../frames/thrown.ts'
import { formatMessage, type ServerMessage } from '../signaling/messages.ts'
import type { ReplyOnPause } from './reply-on-pause.ts'
import type { SpeechNews } from './turn.ts'

/** Tells how a conversation goes: the client by messages, the session by events and complaints. */
export class TurnNews {
  readonly #handler: ReplyOnPause
  readonly #client: DriverClient
  readonly #isRunning: () => boolean

  /**
   * @param handler - sends the messages
   * @param client - the session
   * @param isRunning - whether it has not ended
   */
  constructor(handler: ReplyOnPause, client: DriverClient, isRunning: () => boolean) {
    this.#handler = handler
    this.#client = client
    this.#isRunning = isRunning
  }

  /**
   * Tells the session's listeners.
   *
   * @param name - the event's
   * @param detail - what happened
   */
  announce<Name extends SpeechNews[0]>(name: Name, detail: (SpeechNews & readonly [Name, unknown])[1]): void {
    this.#client.onSpeech([name, detail] as unknown as SpeechNews)
  }

  /**
   * Tells the client.
   *
   * @param message - what
   */
  tell(message: ServerMessage): void {
    this.attempt(() => this.#handler.sendMessageSync(formatMessage(message)))
  }

  /**
   * Does what fails when the session has just ended, and what a subclass has overridden.
   *
   * @param action - what; its failure is complained about unless the session has ended
   */
  attempt(action: () => void): void {
    try {
      action()
    } catch (error) {
      if (this.#isRunning()) this.complain(error)
    }
  }

  /** Something of the user's failed; the conversation goes on. */
  readonly complain = (error: unknown): void => this.#client.onComplaint(toWebRTCError(error))
}
