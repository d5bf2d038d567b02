import { NegotiationError } from '../errors.ts'
import type { Session } from '../session/session.ts'
import type { SessionCore } from '../session/session-core.ts'
import type { SdpOrigin } from '../signaling/sdp-origin.ts'
import { type Lack, Slots } from './slots.ts'

/** A session and the latest of its offers. */
export interface Entry {
  /** The session. */
  readonly core: SessionCore
  /** What tells whether another offer is of the same session. */
  origin: SdpOrigin | undefined
}

/**
 * Whether a client may take back what it was promised for an offer, or have something else in its place: its connection isn't
 * made yet, and the client knows the offer's session id (RFC 8866, section 5.2), as nobody but it and the server do.
 *
 * @param entry - a session
 * @param offerSession - what the client says that the session id is; undefined if it says nothing
 * @returns whether the offer is the client's own, and unmade
 */
export function isUnmadeOffer({ core, origin }: Entry, offerSession: string | undefined): boolean {
  const isUnmade = core.transport === 'webrtc' && core.state === 'connecting'
  return isUnmade && offerSession !== undefined && origin?.session.split(' ')[1] === offerSession
}

/** The sessions of a stream, from the moment their offer is accepted until they have ended. */
export class SessionRegistry {
  readonly #entries = new Map<string, Entry>()
  readonly #sessions = new Map<string, Session>()
  readonly #slots: Slots
  readonly #limit: number
  readonly #whenEmpty = new Set<() => void>()
  readonly #ending = new Set<Promise<void>>()

  /** @param limit - how many sessions there may be */
  constructor(limit: number) {
    this.#limit = limit
    this.#slots = new Slots(limit)
  }

  /** The sessions by their ids. */
  get sessions(): ReadonlyMap<string, Session> {
    return this.#sessions
  }

  /**
   * A session by its id.
   *
   * @param id - the one that the client chose
   * @returns the session, or undefined for an unknown id
   */
  get(id: string): Entry | undefined {
    return this.#entries.get(id)
  }

  /**
   * Whether another session finds room.
   *
   * @param address - where its offer comes from
   * @returns what lacks, or undefined when there is room
   */
  lack(address: string | undefined): Lack | undefined {
    return this.#slots.lack(address)
  }

  /**
   * Takes a session in, and lets go of it when it has ended.
   *
   * @param core - the session
   * @param origin - of its offer
   * @param address - where that came from
   */
  add(core: SessionCore, origin: SdpOrigin | undefined, address: string | undefined): void {
    this.#entries.set(core.id, { core, origin })
    this.#sessions.set(core.id, core.session)
    this.#slots.add(core, address)
    core.session.on('connected', () => this.#connect(core))
    core.session.on('closed', () => this.#delete(core))
  }

  /**
   * Takes a session over a socket in, which counts for everybody at once.
   *
   * @param core - the session
   * @param address - where its socket comes from
   */
  addSocket(core: SessionCore, address: string | undefined): void {
    this.add(core, undefined, address)
    this.#slots.connect(core)
  }

  /**
   * Waits until all sessions have ended.
   *
   * @param timeoutSeconds - for how long at most
   */
  whenEmpty(timeoutSeconds: number): Promise<void> {
    if (this.#entries.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(), timeoutSeconds * 1000)
      const done = (): void => {
        clearTimeout(timer)
        this.#whenEmpty.delete(done)
        resolve()
      }
      this.#whenEmpty.add(done)
    })
  }

  /** Waits, some seconds at most, until the clients of sessions that have ended were told, and their handlers shut down. */
  async whenSettled(): Promise<void> {
    // Neither the engine's wake-ups nor a handler's promise keeps the process alive; an end that is awaited does.
    const alive = setInterval(() => undefined, 1000)
    try {
      await Promise.all(this.#ending)
    } finally {
      clearInterval(alive)
    }
  }

  #connect(core: SessionCore): void {
    if (this.#slots.connect(core)) return
    const message = `All ${this.#limit} places were taken before this connection was made; try again later`
    core.fail(new NegotiationError('concurrency_limit_reached', message))
  }

  #delete(core: SessionCore): void {
    this.#slots.delete(core)
    this.#entries.delete(core.id)
    this.#sessions.delete(core.id)
    const settled = core.settled()
    this.#ending.add(settled)
    void settled.then(() => this.#ending.delete(settled))
    if (this.#entries.size > 0) return
    for (const done of this.#whenEmpty) done()
  }
}
