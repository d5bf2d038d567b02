import { TelephoneError } from '../errors.ts'
import type { Session } from '../session/session.ts'

/** A call that `stream.call` has placed. It rings until its callee answers, gives up, or `ringSeconds` are over. */
export interface OutboundCall {
  /** What the provider calls it. */
  readonly callId: string
  /** Who is called. */
  readonly to: string
  /** Whose number they see. */
  readonly from: string
  /** Its session, once the callee has answered; undefined before. */
  readonly session: Session | undefined
  /**
   * Waits until the callee has answered, and the provider's greeting is over.
   *
   * @returns the session
   * @throws TelephoneError when nobody answered in time, or the session was refused, as when all places are taken
   */
  answered(): Promise<Session>
}

/** A call that rings. */
export class PlacedCall implements OutboundCall {
  readonly callId: string
  readonly to: string
  readonly from: string
  readonly #answer: Answer

  /**
   * @param callId - what the provider calls it
   * @param numbers - who is called, and whose number they see
   * @param answer - tells of its session
   */
  constructor(callId: string, { to, from }: { to: string; from: string }, answer: Answer) {
    this.callId = callId
    this.to = to
    this.from = from
    this.#answer = answer
  }

  get session(): Session | undefined {
    return this.#answer.session
  }

  answered(): Promise<Session> {
    return this.#answer.promise
  }
}

/** What becomes of a call that was placed. */
export class Answer {
  /** Settles once. */
  readonly promise: Promise<Session>
  #session: Session | undefined
  #resolve!: (session: Session) => void
  #reject!: (error: Error) => void
  readonly #timer: NodeJS.Timeout

  /**
   * @param seconds - how long it is waited for
   * @param to - who is called
   */
  constructor(seconds: number, to: string) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Nobody has to wait for it.
    this.promise.catch(() => undefined)
    const late = new TelephoneError(`The call to ${to} was not answered within ${seconds} seconds`)
    this.#timer = setTimeout(() => this.#reject(late), seconds * 1000).unref()
  }

  /** The session, once there is one. */
  get session(): Session | undefined {
    return this.#session
  }

  /** @param session - that serves the call */
  begin(session: Session): void {
    clearTimeout(this.#timer)
    this.#session = session
    this.#resolve(session)
  }

  /** @param error - why there will be no session */
  fail(error: Error): void {
    clearTimeout(this.#timer)
    this.#reject(error)
  }
}
