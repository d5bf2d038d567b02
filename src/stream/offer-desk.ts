import { NegotiationError } from '../errors.ts'
import { Host, type MediaHost } from '../native/host.ts'
import { SessionCore } from '../session/session-core.ts'
import { isCandidate } from '../signaling/candidate.ts'
import {
  type CandidateRequest,
  type OfferRequest,
  parseOfferBody,
  type WithdrawalRequest,
} from '../signaling/offer-body.ts'
import { type OfferResult, refusal } from '../signaling/offer-result.ts'
import { isLaterOffer, parseOrigin, type SdpOrigin } from '../signaling/sdp-origin.ts'
import type { Admission, DeskListener } from './admission.ts'
import { checkObject, checkSignal, wrongType } from './checks.ts'
import { configurationFor, iceServers, type ResolvedIceServers, resolveIceServers } from './ice-servers.ts'
import { engineSettings, linkSettings } from './link-settings.ts'
import { type Entry, isUnmadeOffer, type SessionRegistry } from './session-registry.ts'
import type { StreamSettings } from './stream-options.ts'

/** What is known about an offer beside its body. */
export interface OfferContext {
  /** Gives the offer up when it is aborted: its session ends, and its slot is free. */
  signal?: AbortSignal
  /** The request that brought it, for a `serverRtcConfiguration` that is a function. */
  request?: Request
  /** The IP address that it came from; offers that never connect are counted by it. */
  remoteAddress?: string
}

/**
 * What is known about an offer, as a user gave it.
 *
 * @param context - checked
 * @throws TypeError naming the value, or the property that doesn't exist
 */
export function checkContext(context: unknown): void {
  const { signal, request, remoteAddress } = checkObject('context', context, ['signal', 'request', 'remoteAddress'])
  checkSignal(signal, 'context.signal')
  if (request !== undefined && Object(request) !== request) throw wrongType('context.request', 'a Request', request)
  if (remoteAddress !== undefined && typeof remoteAddress !== 'string') {
    throw wrongType('context.remoteAddress', 'a string', remoteAddress)
  }
}

/** Answers offers, their candidates and their withdrawals. */
export class OfferDesk {
  readonly #settings: StreamSettings
  readonly #registry: SessionRegistry
  readonly #admission: Admission
  readonly #listener: DeskListener

  /**
   * @param settings - the stream's
   * @param registry - its sessions
   * @param admission - decides which offers are taken
   * @param listener - is told what comes of it
   */
  constructor(settings: StreamSettings, registry: SessionRegistry, admission: Admission, listener: DeskListener) {
    this.#settings = settings
    this.#registry = registry
    this.#admission = admission
    this.#listener = listener
  }

  /**
   * Answers the body of `POST /webrtc/offer`.
   *
   * @param body - parsed JSON
   * @param context - what is known beside it
   * @param host - runs its media; by default this thread's media engine
   * @returns the answer, or the refusal
   * @throws InvalidRequestError for a body of the wrong shape, and the signal's reason
   */
  async answer(body: unknown, context: OfferContext, host?: MediaHost): Promise<OfferResult> {
    context.signal?.throwIfAborted()
    const request = parseOfferBody(body)
    if (request.kind === 'offer') return this.#takeOffer(request, context, host)
    return request.kind === 'candidate' ? this.#takeCandidate(request) : this.#takeWithdrawal(request)
  }

  /** Whoever doesn't know the offer hears the same as about a connection that isn't there. */
  #takeWithdrawal({ webrtcId, offerSession }: WithdrawalRequest): OfferResult {
    const known = this.#registry.get(webrtcId)
    if (known === undefined || !isUnmadeOffer(known, offerSession)) return refusal('unknown_connection')
    known.core.close('aborted')
    return { status: 'success' }
  }

  #takeCandidate({ webrtcId, candidate, sdpMid, sdpMLineIndex }: CandidateRequest): OfferResult {
    const core = this.#registry.get(webrtcId)?.core
    if (core?.transport !== 'webrtc') return refusal('unknown_connection')
    if (core.isOver) return refusal('connection_closed')
    if (!isCandidate(candidate)) return refusal('invalid_candidate_format')
    core.addCandidate(candidate, sdpMid, sdpMLineIndex)
    return { status: 'success' }
  }

  async #takeOffer(request: OfferRequest, context: OfferContext, host?: MediaHost): Promise<OfferResult> {
    const preparing = this.#admission.whenReady()
    // Mostly there is nothing to wait for; then the session is known when this returns.
    const failed = preparing === undefined ? undefined : await preparing
    if (failed !== undefined) return failed
    context.signal?.throwIfAborted()
    const origin = parseOrigin(request.sdp)
    const known = this.#registry.get(request.webrtcId)
    if (known !== undefined) return this.#takeLaterOffer(known, request.sdp, origin)
    const { remoteAddress } = context
    const admitted = this.#admission.admit({ id: request.webrtcId, remoteAddress, transport: 'webrtc' }, (core) =>
      this.#registry.add(core, origin, remoteAddress),
    )
    if (!(admitted instanceof SessionCore)) return admitted
    try {
      const sdp = await this.#negotiate(admitted, request.sdp, context, host)
      this.#listener.onSession(admitted)
      return { sdp, type: 'answer' }
    } catch (error) {
      admitted.close('rejected')
      context.signal?.throwIfAborted()
      return this.#admission.refuse(error)
    }
  }

  /** Nobody but the session's own client holds the key of its certificate, so nobody else's offer gets this far. */
  async #takeLaterOffer(entry: Entry, sdp: string, origin: SdpOrigin | undefined): Promise<OfferResult> {
    if (!entry.core.canRenegotiate || !isLaterOffer(origin, entry.origin)) return refusal('connection_already_exists')
    try {
      const answer = await entry.core.renegotiate(sdp)
      entry.origin = origin
      return { sdp: answer, type: 'answer' }
    } catch (error) {
      return this.#admission.refuse(error)
    }
  }

  async #negotiate(
    core: SessionCore,
    sdp: string,
    { request, signal }: OfferContext,
    given?: MediaHost,
  ): Promise<string> {
    const giveUp = (): void => core.close('aborted')
    signal?.addEventListener('abort', giveUp, { once: true })
    // The engine's wake-ups keep no process alive; an answer that is awaited does.
    const timer = setTimeout(() => core.close('connect_timeout'), this.#settings.connectTimeout * 1000)
    try {
      const host = given ?? (await Host.open())
      const servers = await this.#iceServers(host, request)
      if (core.isOver)
        throw new NegotiationError('connection_closed', 'The session ended before the offer was answered')
      const link = host.accept(engineSettings(this.#settings, servers), linkSettings(this.#settings, core.handler), sdp)
      return await core.attach(link)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
    }
  }

  async #iceServers(host: MediaHost, request: Request | undefined): Promise<ResolvedIceServers> {
    const { serverRtcConfiguration: source, connectTimeout, logger } = this.#settings
    const configuration = await configurationFor('serverRtcConfiguration', source, request, connectTimeout)
    return resolveIceServers(iceServers(configuration), host.serverAddresses, logger)
  }
}
