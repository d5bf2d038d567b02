import type { EngineSettings, LinkSettings, SocketHost } from '../../src/native/host.ts'
import type { SocketLink, WireSettings } from '../../src/native/socket-link.ts'
import type { SocketPeer } from '../../src/session/socket-peer.ts'
import type { FailedResult } from '../../src/signaling/offer-result.ts'
import type { SocketRequest } from '../../src/stream/socket-desk.ts'
import { MemoryLink } from './memory-link.ts'

/** A session's media over a socket, without an engine: what is received is kept, and what is sent is put in by hand. */
export class MemorySocketLink extends MemoryLink implements SocketLink {
  readonly received: ArrayLike<number>[] = []
  readonly acknowledged: number[] = []
  readonly wire: WireSettings
  readonly #due: (Uint8Array | 'clear')[] = []

  constructor(wire: WireSettings) {
    super()
    this.wire = wire
  }

  override receive(...payloads: (Int16Array | Uint8Array)[]): void {
    this.received.push(...payloads)
  }

  /** Has the handler receive a frame. */
  hear(frame: Int16Array): void {
    super.receive(frame)
  }

  readPayload(): Uint8Array | 'clear' | undefined {
    return this.#due.shift()
  }

  acknowledge(payloads: number): void {
    this.acknowledged.push(payloads)
  }

  /** Makes payloads due, without saying so. */
  owe(...payloads: (Uint8Array | 'clear')[]): void {
    this.#due.push(...payloads)
  }

  /** Makes payloads due. */
  send(...payloads: (Uint8Array | 'clear')[]): void {
    this.owe(...payloads)
    this.payloadsAreDue()
  }
}

/** Runs sessions over sockets in memory; each has connected once `connect` is called. */
export class MemoryHost implements SocketHost {
  readonly links: MemorySocketLink[] = []
  readonly settings: LinkSettings[] = []

  open(_engine: EngineSettings, settings: LinkSettings, wire: WireSettings): MemorySocketLink {
    const link = new MemorySocketLink(wire)
    this.settings.push(settings)
    this.links.push(link)
    return link
  }

  /** The latest session's media. */
  get link(): MemorySocketLink {
    const link = this.links.at(-1)
    if (link === undefined) throw new Error('no session has begun')
    return link
  }

  /** The latest session has connected. */
  connect(): MemorySocketLink {
    this.link.event({ kind: 'connected' })
    return this.link
  }
}

/** The far end of a socket that keeps what it is told, in order. */
export class MemoryPeer implements SocketPeer {
  readonly told: unknown[] = []
  refused: FailedResult | undefined
  ended: string | undefined

  onOpen(): void {
    this.told.push('open')
  }

  onRefused(result: FailedResult): void {
    this.refused = result
  }

  onPayload(payload: Uint8Array): void {
    this.told.push([...payload])
  }

  onClear(): void {
    this.told.push('clear')
  }

  onMessage(text: string): void {
    this.told.push(text)
  }

  onEnd(reason: string): void {
    this.ended = reason
  }
}

/** What a page asks for that speaks as it always did. */
export function socketRequest(id: string, more: Partial<SocketRequest> = {}): SocketRequest {
  const usual = { transport: 'websocket', remoteAddress: '192.0.2.1', websocket: 'socket', encoding: 'mulaw' } as const
  return { id, ...usual, sampleRate: undefined, leadMs: 60, ...more }
}
