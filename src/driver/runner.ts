import { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import type { LinkEvent } from '../native/media-link.ts'
import type { DriverParts } from './driver.ts'

/** What runs the handler of one session: a driver on this thread, or whoever speaks to one on another thread. */
export interface Runner {
  /** Settles when the handler is there, rejected when it can't be; absent when it is there from the beginning. */
  readonly prepared?: Promise<void>
  /** The client has connected. */
  start(): void
  /** Calls the handler no more, but leaves it as it is: its session is closing. */
  halt(): void
  /**
   * The session has ended: shuts the handler down, the first time that this is called.
   *
   * @param reason - why it ended
   * @returns settles when that is done, and is never rejected
   */
  end(reason: string): Promise<void>
  /** Frames may be read. */
  onAudio(): void
  /** The output queue has fallen to its target. */
  onRoom(): void
  /** Pictures may be read. */
  onVideo(): void
  /** The encoder has caught up. */
  onVideoRoom(): void
  /**
   * The engine has passed a mark that was put by whoever runs the handler elsewhere.
   *
   * @param event - what became of the audio before it
   */
  onPlayed?(event: LinkEvent & { kind: 'played' }): void
}

/** A handler that brings what runs it. */
export abstract class SelfRunHandler extends StreamHandlerBase {
  /**
   * Called once, when the session has its media.
   *
   * @param parts - what is run, and for whom
   */
  abstract run(parts: DriverParts): Runner
}
