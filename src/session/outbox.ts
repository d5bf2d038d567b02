import { ChannelClosedError, ChannelFullError, MessageTooLargeError } from '../errors.ts'
import { describe } from '../frames/describe.ts'
import { messageOf } from '../frames/thrown.ts'
import type { MediaLink } from '../native/media-link.ts'
import { formatMessage, formatNotice, type ServerMessage } from '../signaling/messages.ts'
import type { Logger } from './logger.ts'

/** Messages and candidates that may wait for the media engine to be loaded and the offer to be handed over. */
const MAX_EARLY = 64

/** Bytes of the longest message. */
const MAX_BYTES = 65_536

/**
 * Refuses what a data channel would refuse, where there is none.
 *
 * @param text - a message
 * @throws MessageTooLargeError when it is longer than 64 KiB in UTF-8
 */
export function checkMessageSize(text: string): void {
  // No character takes more than three bytes for each of its UTF-16 units.
  if (text.length * 3 > MAX_BYTES && Buffer.byteLength(text) > MAX_BYTES) throw new MessageTooLargeError()
}

/** What goes to a session's media, whether there is any yet or not. */
export class Outbox {
  /** Is told what could not be sent. */
  readonly logger: Logger
  readonly #prefix: string
  #early: ((link: MediaLink) => void)[] = []
  #link: MediaLink | undefined
  #send: (text: string) => void = () => undefined
  #isClosed = false

  /**
   * @param logger - is told what could not be sent
   * @param id - the session's
   */
  constructor(logger: Logger, id: string) {
    this.logger = logger
    this.#prefix = `session ${id}: `
  }

  /**
   * There is media now: what has waited goes out.
   *
   * @param link - where to
   * @param send - sends a text, where that isn't done by the media
   */
  open(link: MediaLink, send: (text: string) => void = (text) => link.sendMessage(text)): void {
    this.#link = link
    this.#send = send
    for (const action of this.#early.splice(0)) this.attempt(() => action(link))
  }

  /** Nothing goes out any more. */
  close(): void {
    this.#isClosed = true
    this.#early = []
  }

  /**
   * Does something with the media: now, or when there is some.
   *
   * @param action - what
   */
  withLink(action: (link: MediaLink) => void): void {
    if (this.#isClosed) return
    if (this.#link !== undefined) action(this.#link)
    else if (this.#early.length < MAX_EARLY) this.#early.push(action)
  }

  /**
   * Sends a text.
   *
   * @param text - up to 64 KiB
   * @throws TypeError for what is no string, ChannelClosedError, MessageTooLargeError, ChannelFullError
   */
  send(text: string): void {
    // Here, for what waits for the media engine would be refused when nobody listens any more.
    if (typeof text !== 'string') throw new TypeError(`A message must be a string, not ${describe(text)}`)
    if (this.#isClosed) throw new ChannelClosedError()
    if (this.#link === undefined && this.#early.length >= MAX_EARLY) {
      throw new ChannelFullError(`${MAX_EARLY} messages and candidates wait for the media engine already`)
    }
    this.withLink(() => this.#send(text))
  }

  /**
   * Sends one of the protocol's messages; one that can't be formatted or sent is only logged.
   *
   * @param message - which
   */
  tell(message: ServerMessage): void {
    this.attempt(() => this.send(formatMessage(message)))
  }

  /**
   * Shows a warning to the client, or an error.
   *
   * @param type - which of the two
   * @param text - for a person
   */
  notice(type: 'error' | 'warning', text: string): void {
    this.attempt(() => this.send(formatNotice(type, text)))
  }

  /**
   * Sends a text; one that can't be sent is only logged.
   *
   * @param text - up to 64 KiB
   */
  trySend(text: string): void {
    this.attempt(() => this.send(text))
  }

  /**
   * Does something that may fail when the client has gone.
   *
   * @param action - what
   */
  attempt(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.logger.debug(this.#prefix + messageOf(error))
    }
  }
}
