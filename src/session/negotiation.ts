import { NegotiationError } from '../errors.ts'
import type { LinkEvent } from '../native/media-link.ts'

/** The offers of one session, and the answers that come as events: one at a time. */
export class Negotiation {
  #resolve: ((sdp: string) => void) | undefined
  #reject: ((error: Error) => void) | undefined

  /** Whether an offer waits for its answer. */
  get isPending(): boolean {
    return this.#resolve !== undefined
  }

  /**
   * Waits for the answer to the offer that was handed over now.
   *
   * @returns the answer's SDP
   * @throws NegotiationError when the offer can't be used, or the session ends before
   */
  wait(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /**
   * Takes an event that settles the offer.
   *
   * @param event - an answer or a rejection
   */
  settle(event: LinkEvent & { kind: 'answer' | 'rejected' | 'renegotiation-rejected' }): void {
    if (event.kind === 'answer') this.#resolve?.(event.sdp)
    else this.#reject?.(new NegotiationError(event.code, event.message))
    this.#resolve = this.#reject = undefined
  }

  /** The session has ended. */
  end(): void {
    this.#reject?.(new NegotiationError('connection_closed', 'The session ended before the offer was answered'))
    this.#resolve = this.#reject = undefined
  }
}
