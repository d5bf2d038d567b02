import type { SocketLink, WireSettings } from '../native/socket-link.ts'
import type { FailedResult } from '../signaling/offer-result.ts'
import { checkMessageSize } from './outbox.ts'
import type { SessionCore } from './session-core.ts'
import type { Session } from './session.ts'
import type { SocketPeer } from './socket-peer.ts'

/** Bytes of audio that may wait for the media engine to be loaded; what comes beyond is dropped. */
const MAX_EARLY_BYTES = 262_144

/** A session over a socket, as the far end of the socket acts on it. What comes too early waits, what comes too late is ignored. */
export class SocketSession {
  readonly #peer: SocketPeer
  readonly #hears: boolean
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #core: SessionCore | undefined
  #link: SocketLink | undefined
  #isOver = false

  /**
   * @param peer - is told what the session does
   * @param hears - whether the client's audio is wanted
   */
  constructor(peer: SocketPeer, hears: boolean) {
    this.#peer = peer
    this.#hears = hears
  }

  /** What users see of it; undefined until it is admitted. */
  get session(): Session | undefined {
    return this.#core?.session
  }

  /** Whether it has ended, was refused, or was given up before it began. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** How much emitted audio waits to be sent, in ms. */
  get queuedMs(): number {
    return this.#core?.queuedMs ?? 0
  }

  /** @param payload - audio that the far end sent, of any length; of Opus, one packet */
  receive(payload: Uint8Array): void {
    if (this.#isOver || !this.#hears) return
    if (this.#link !== undefined) return this.#link.receive(payload)
    this.#earlyBytes += payload.length
    if (this.#earlyBytes <= MAX_EARLY_BYTES) this.#early.push(payload)
  }

  /** @param payloads - how many of those that the peer was given have been played since the start */
  acknowledge(payloads: number): void {
    if (!this.#isOver) this.#link?.acknowledge(payloads)
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
    core.attachSocket(link, { send: this.#send, flush: this.#flush })
    for (const payload of this.#early.splice(0)) link.receive(payload)
  }

  readonly #send = (text: string): void => {
    checkMessageSize(text)
    this.#peer.onMessage?.(text)
  }

  readonly #flush = (): void => {
    if (this.#isOver || this.#link === undefined) return
    try {
      for (let next = this.#link.readPayload(); next !== undefined; next = this.#link.readPayload()) {
        if (next === 'clear') this.#peer.onClear()
        else this.#peer.onPayload(next)
      }
    } finally {
      this.#peer.onFlush?.()
    }
  }

  #finish(tell: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#early = []
    tell()
  }
}
