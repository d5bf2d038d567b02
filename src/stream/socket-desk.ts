import type { HandlerSocket } from '../handlers/handler-socket.ts'
import type { TelephoneCall } from '../handlers/telephone-call.ts'
import { PLACEHOLDER } from '../handlers/stream-handler-base.ts'
import { Host, type SocketHost } from '../native/host.ts'
import type { MediaSocket } from '../native/media-socket.ts'
import type { WireEncoding, WireProtocol, WireSettings } from '../native/socket-link.ts'
import { SessionCore } from '../session/session-core.ts'
import type { SocketPeer } from '../session/socket-peer.ts'
import { SocketSession } from '../session/socket-session.ts'
import { type FailedResult, refusal } from '../signaling/offer-result.ts'
import type { Admission, Applicant, DeskListener } from './admission.ts'
import { linkSettings } from './link-settings.ts'
import { isUnmadeOffer, type SessionRegistry } from './session-registry.ts'
import type { StreamSettings } from './stream-options.ts'

/** What the far end of a socket wants. */
export interface SocketRequest {
  /** The id that it chose for its connection. */
  readonly id: string
  /** What kind of far end it is. A telephone puts its handler in phone mode. */
  readonly transport: 'websocket' | 'telephone'
  /** The IP address that the socket comes from; undefined if unknown. */
  readonly remoteAddress: string | undefined
  /** What `getCurrentContext().websocket` is in the handler. */
  readonly websocket: HandlerSocket
  /** What carries its audio, and everything else. */
  readonly socket: MediaSocket
  /** How its audio goes over that. */
  readonly protocol: WireProtocol
  /** The call that it serves, for a telephone. */
  readonly call?: TelephoneCall
  /** How its audio is encoded, both ways. */
  readonly encoding: WireEncoding
  /** Of its audio, both ways, in Hz; undefined: what the handler wants and gives. */
  readonly sampleRate: number | undefined
  /** How far ahead of real time it gets audio, in ms. */
  readonly leadMs: number
  /** Additional arguments that the handler has from the beginning; undefined for none. */
  readonly args?: readonly unknown[]
  /** The session id of an offer of its own, of a connection that was never made and that this one takes the place of. */
  readonly replaces?: string | undefined
}

/** Begins sessions over sockets. */
export class SocketDesk {
  readonly #settings: StreamSettings
  readonly #registry: SessionRegistry
  readonly #admission: Admission
  readonly #listener: DeskListener

  /**
   * @param settings - the stream's
   * @param registry - its sessions
   * @param admission - decides which sockets are taken
   * @param listener - is told what comes of it
   */
  constructor(settings: StreamSettings, registry: SessionRegistry, admission: Admission, listener: DeskListener) {
    this.#settings = settings
    this.#registry = registry
    this.#admission = admission
    this.#listener = listener
  }

  /**
   * Begins a session.
   *
   * @param request - what the far end wants
   * @param peer - the far end, which is told what comes of it
   * @param host - runs the media; by default this thread's media engine
   * @returns what the far end acts on; the peer may have been told before this returns
   */
  open(request: SocketRequest, peer: SocketPeer, host?: SocketHost): SocketSession {
    const session = new SocketSession(peer)
    // What follows the start is the session's, however long it takes to begin it.
    request.socket.hold()
    const preparing = this.#admission.whenReady()
    // Mostly there is nothing to wait for; then it is decided at once which of two sockets comes first.
    if (preparing === undefined) this.#admit(session, request, host)
    else void preparing.then((failed) => this.#admit(session, request, host, failed))
    return session
  }

  #admit(session: SocketSession, request: SocketRequest, host?: SocketHost, failed?: FailedResult): void {
    if (session.isOver) return
    const admitted = failed ?? this.#decide(request)
    if (!(admitted instanceof SessionCore)) return session.refuse(admitted)
    session.admit(admitted)
    this.#start(session, admitted, request, host).catch((error: unknown) => {
      session.refuse(this.#admission.refuse(error))
      admitted.close('rejected')
    })
  }

  #decide(request: SocketRequest): SessionCore | FailedResult {
    const { id, remoteAddress, transport, websocket, call, replaces } = request
    if (this.#settings.modality !== 'audio') return refusal('modality_not_supported', { message: NO_VIDEO })
    const known = this.#registry.get(id)
    if (known !== undefined && !isUnmadeOffer(known, replaces)) return refusal('connection_already_exists')
    known?.core.close('replaced')
    const applicant: Applicant = { id, remoteAddress, transport, websocket, call }
    return this.#admission.admit(applicant, (core) => this.#registry.addSocket(core, remoteAddress))
  }

  async #start(session: SocketSession, core: SessionCore, request: SocketRequest, given?: SocketHost): Promise<void> {
    const host = given ?? (await Host.open())
    if (core.isOver) return
    const wire = wireSettings(core, request)
    const settings = { ...linkSettings(this.#settings, core.handler), outputChannels: 1 }
    const link = host.openSocket(settings, wire, request.socket, request.protocol)
    if (request.args !== undefined) core.setArgs([PLACEHOLDER, ...request.args])
    session.open(core, link, wire)
    this.#listener.onSession(core)
  }
}

const NO_VIDEO = 'This stream carries video, and a WebSocket carries audio only: connect with WebRTC'

function wireSettings({ handler }: SessionCore, { encoding, sampleRate, leadMs }: SocketRequest): WireSettings {
  const { inputSampleRate, outputSampleRate } = handler
  return {
    encoding,
    inputSampleRate: sampleRate ?? inputSampleRate,
    outputSampleRate: sampleRate ?? outputSampleRate,
    leadMs,
  }
}
