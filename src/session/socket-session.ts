import type { SocketLink, WireSettings } from '../native/socket-link.ts'
import type { FailedResult } from '../signaling/offer-result.ts'
import { checkMessageSize } from './outbox.ts'
import type { SessionCore } from './session-core.ts'
import type { Session } from './session.ts'
import type { SocketPeer } from './socket-peer.ts'

/** A session over a socket, as the far end of the socket acts on it. What comes too early or too late is ignored. */
export class SocketSession {
  readonly #peer: SocketPeer
  #core: SessionCore | undefined
  #link: SocketLink | undefined
  #isOver = false

  /** @param peer - is told what the session does */
  constructor(peer: SocketPeer) {
    this.#peer = peer
  }

  /** What users see of it; undefined until it is admitted. */
  get session(): Session | undefined {
    return this.#core?.session
  }

  /** Whether it has ended, was refused, or was given up before it began. */
  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * Takes audio that the media thread didn't know for such. There is none before the session has its media, for until then the
   * socket's messages are held.
   *
   * @param payload - of any length; of Opus, one packet
   * @param chunk - its number, where messages may overtake one another
   */
  receive(payload: Uint8Array, chunk?: number): void {
    if (!this.#isOver) this.#link?.receive(payload, chunk)
  }

  /** @param payloads - how many audio messages the far end has played since the start */
  acknowledge(payloads: number): void {
    if (!this.#isOver) this.#link?.acknowledge(payloads)
  }

  /** @param name - of a mark that has come back */
  marked(name: string): void {
    if (!this.#isOver) this.#link?.marked(name)
  }

  /** @param text - a message of the far end for whoever listens to the session */
  message(text: string): void {
    if (!this.#isOver) this.#core?.onMessage(text)
  }

  /**
   * The far end pressed a key of a telephone.
   *
   * @param digit - `0` to `9`, `*`, `#`, or `A` to `D`
   * @param durationMs - for how long
   */
  dtmf(digit: string, durationMs: number): void {
    if (!this.#isOver) this.#core?.onDtmf(digit, durationMs)
  }

  /**
   * The far end has gone: the session ends now, and its peer is told no more.
   *
   * @param reason - told to listeners
   */
  end(reason = 'peer'): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#core?.close(reason)
  }

  /**
   * It was admitted.
   *
   * @param core - the session
   */
  admit(core: SessionCore): void {
    this.#core = core
    core.session.once('closed', (reason) => this.#finish(() => this.#peer.onEnd(reason)))
  }

  /** @param result - why it was not admitted, or why its media failed */
  refuse(result: FailedResult): void {
    this.#finish(() => this.#peer.onRefused(result))
  }

  /**
   * Its media are there.
   *
   * @param core - the session
   * @param link - its media
   * @param wire - what its audio is like on the socket
   */
  open(core: SessionCore, link: SocketLink, wire: WireSettings): void {
    this.#link = link
    this.#peer.onOpen(core.session, wire)
    core.attachSocket(link, this.#send)
  }

  readonly #send = (text: string): void => {
    checkMessageSize(text)
    this.#peer.onMessage?.(text)
  }

  #finish(tell: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    tell()
  }
}
