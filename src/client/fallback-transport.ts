import type { CallStats } from './statistics.ts'
import type { Transport, TransportKind } from './transport.ts'
import type { WebRtcTransport } from './webrtc/webrtc-transport.ts'
import type { WebSocketTransport } from './websocket/websocket-transport.ts'

/** What a {@link FallbackTransport} is made of. */
export interface FallbackParts {
  /** What carries the call if it can. */
  readonly webrtc: WebRtcTransport
  /** Makes what carries it otherwise, which connects at once, and takes the place of an offer at the server. */
  readonly websocket: (offerId: string | undefined) => WebSocketTransport
}

/** Where UDP gets through, a path is found in a fraction of this; a relay over TCP takes the longest. */
const PATIENCE_MS = 5_000

/** Carries a call over WebRTC, or over a WebSocket where no path is found for that. */
export class FallbackTransport implements Transport {
  readonly #webrtc: WebRtcTransport
  readonly #websocket: FallbackParts['websocket']
  readonly #abandon = new AbortController()
  #current: Transport
  /** Whether the server may keep a place for the offer, which a socket hasn't taken yet. */
  #isOffered = true

  /** @param parts - what it is made of */
  constructor({ webrtc, websocket }: FallbackParts) {
    this.#current = this.#webrtc = webrtc
    this.#websocket = websocket
  }

  get kind(): TransportKind {
    return this.#current.kind
  }

  get playOutMs(): number {
    return this.#current.playOutMs
  }

  async open(signal: AbortSignal): Promise<void> {
    const opened = this.#webrtc.open(AbortSignal.any([signal, this.#abandon.signal])).then((): true => true)
    if (await Promise.race([opened, later(PATIENCE_MS)])) return
    const socket = this.#websocket(this.#webrtc.offerId)
    if (await this.#isFirst(opened, socket, signal)) return socket.close()
    opened.catch(() => undefined)
    this.#abandon.abort()
    this.#webrtc.stop()
    this.#current = socket
    await socket.open(signal)
    this.#isOffered = false
  }

  /** Whether WebRTC opens before the socket is reached. Where that can't be, WebRTC is all there is. */
  async #isFirst(opened: Promise<true>, socket: WebSocketTransport, signal: AbortSignal): Promise<boolean> {
    const reached = socket.reach(signal).then(
      () => false,
      () => opened,
    )
    try {
      return await Promise.race([opened, reached])
    } catch (error) {
      socket.close()
      throw error
    }
  }

  send(text: string): void {
    this.#current.send(text)
  }

  replaceTrack(kind: 'audio' | 'video', track: MediaStreamTrack | null): Promise<void> {
    return this.#current.replaceTrack(kind, track)
  }

  stats(): Promise<CallStats> {
    return this.#current.stats()
  }

  resume(): Promise<void> {
    return this.#current.resume()
  }

  close(): void {
    this.#current.close()
    if (this.#isOffered) this.#webrtc.close()
  }
}

function later(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, ms, false))
}
