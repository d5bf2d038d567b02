import { HandlerSocket } from '../../src/handlers/handler-socket.ts'
import type { LinkSettings, SocketHost } from '../../src/native/host.ts'
import { MediaSocket, type SocketListener } from '../../src/native/media-socket.ts'
import type { SocketLink, WireProtocol, WireSettings } from '../../src/native/socket-link.ts'
import type { SocketPeer } from '../../src/session/socket-peer.ts'
import type { FailedResult } from '../../src/signaling/offer-result.ts'
import type { SocketRequest } from '../../src/stream/socket-desk.ts'
import { MemoryLink } from './memory-link.ts'

/** A socket without a network: what is sent is kept, and what comes is put in by hand. */
export class MemorySocket extends MediaSocket {
  readonly sent: (string | Uint8Array)[] = []
  readonly closes: [code: number, reason: string][] = []
  holds = 0
  waits = 0
  #listener: SocketListener | undefined

  constructor() {
    super(undefined as never)
  }

  get told(): SocketListener {
    if (this.#listener === undefined) throw new Error('nobody listens')
    return this.#listener
  }

  override get bufferedAmount(): number {
    return this.waits
  }

  override listen(listener: SocketListener): void {
    this.#listener = listener
  }

  override hold(): void {
    this.holds++
  }

  override send(text: string): void {
    this.sent.push(text)
  }

  override trySend(text: string): boolean {
    this.send(text)
    return true
  }

  override sendBinary(data: Uint8Array): void {
    this.sent.push(data)
  }

  override close(code: number, reason: string): void {
    this.closes.push([code, reason])
  }
}

/** A session's media over a socket, without an engine: what JavaScript hands over is kept. */
export class MemorySocketLink extends MemoryLink implements SocketLink {
  readonly received: [payload: ArrayLike<number>, chunk: number | undefined][] = []
  readonly acknowledged: number[] = []
  readonly returned: string[] = []
  readonly wire: WireSettings
  readonly protocol: WireProtocol

  constructor(wire: WireSettings, protocol: WireProtocol) {
    super()
    this.wire = wire
    this.protocol = protocol
  }

  override receive(payload: Int16Array | Uint8Array, chunk?: unknown): void {
    this.received.push([payload, chunk as number | undefined])
  }

  /** Has the handler receive a frame. */
  hear(frame: Int16Array): void {
    super.receive(frame)
  }

  acknowledge(payloads: number): void {
    this.acknowledged.push(payloads)
  }

  marked(name: string): void {
    this.returned.push(name)
  }
}

/** Runs sessions over sockets in memory; each has connected once `connect` is called. */
export class MemoryHost implements SocketHost {
  readonly links: MemorySocketLink[] = []
  readonly settings: LinkSettings[] = []

  openSocket(
    settings: LinkSettings,
    wire: WireSettings,
    _socket: MediaSocket,
    protocol: WireProtocol,
  ): MemorySocketLink {
    const link = new MemorySocketLink(wire, protocol)
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

  onMessage(text: string): void {
    this.told.push(text)
  }

  onEnd(reason: string): void {
    this.ended = reason
  }
}

/** How a page's audio goes. */
const PROTOCOL: WireProtocol = {
  binaryMedia: true,
  sends: { binary: true, mediaHead: '', mediaTail: '', joined: 1 },
}

/** What a page asks for that speaks as it always did. */
export function socketRequest(id: string, more: Partial<SocketRequest> = {}): SocketRequest {
  const socket = new MemorySocket()
  const websocket = new HandlerSocket(
    socket,
    () => undefined,
    () => undefined,
  )
  const usual = { transport: 'websocket', remoteAddress: '192.0.2.1', websocket, socket, encoding: 'mulaw' } as const
  return { id, ...usual, protocol: PROTOCOL, sampleRate: undefined, leadMs: 60, ...more }
}
