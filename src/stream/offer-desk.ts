import { NegotiationError, WorkerLoadError } from '../errors.ts'
import { Host, type MediaHost } from '../native/host.ts'
import { SessionCore } from '../session/session-core.ts'
import { isCandidate } from '../signaling/candidate.ts'
import { type CandidateRequest, type OfferRequest, parseOfferBody } from '../signaling/offer-body.ts'
import { type FailedResult, type OfferResult, refusal } from '../signaling/offer-result.ts'
import { isLaterOffer, parseOrigin, type SdpOrigin } from '../signaling/sdp-origin.ts'
import { WorkerHandler } from '../workers/worker-handler.ts'
import { WorkerPool } from '../workers/worker-pool.ts'
import { bindSession, type HandlerMaker, HandlerSource } from './handler-source.ts'
import { configurationFor, iceServers, type ResolvedIceServers, resolveIceServers } from './ice-servers.ts'
import { engineSettings, linkSettings } from './link-settings.ts'
import type { Entry, SessionRegistry } from './session-registry.ts'
import type { StreamSettings } from './stream-options.ts'

/** The reason of the engine's refusals that are this server's fault: a busy port, no threads. Its message has addresses. */
const OWN_FAULT = 'transport'

/** What is known about an offer beside its body. */
export interface OfferContext {
  /** Gives the offer up when it is aborted: its session ends, and its slot is free. */
  signal?: AbortSignal
  /** The request that brought it, for a `serverRtcConfiguration` that is a function. */
  request?: Request
  /** The IP address that it came from; offers that never connect are counted by it. */
  remoteAddress?: string
}

/** Whom an offer desk tells. */
export interface DeskListener {
  /** An offer was answered. */
  onSession(core: SessionCore): void
  /** An offer could not be answered, and that is no fault of the client's. */
  onError(error: unknown): void
}

/** Answers offers and candidates. */
export class OfferDesk {
  readonly #settings: StreamSettings
  readonly #registry: SessionRegistry
  readonly #listener: DeskListener
  readonly #handlers: HandlerMaker
  #isClosed = false

  /**
   * @param settings - the stream's
   * @param registry - its sessions
   * @param listener - is told what comes of it
   */
  constructor(settings: StreamSettings, registry: SessionRegistry, listener: DeskListener) {
    this.#settings = settings
    this.#registry = registry
    this.#listener = listener
    this.#handlers = makerOf(settings)
  }

  /** Does what the first offer would otherwise wait for, and throws what it would be refused for. */
  async prepare(): Promise<void> {
    await this.#handlers.prepare?.()
  }

  /** Takes no new session from now on. */
  close(): void {
    this.#isClosed = true
  }

  /** Lets go of what made the handlers, after all sessions have ended. */
  async end(): Promise<void> {
    await this.#handlers.close?.()
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
    return request.kind === 'offer' ? this.#takeOffer(request, context, host) : this.#takeCandidate(request)
  }

  #takeCandidate({ webrtcId, candidate, sdpMid, sdpMLineIndex }: CandidateRequest): OfferResult {
    const core = this.#registry.get(webrtcId)?.core
    if (core === undefined) return refusal('unknown_connection')
    if (core.isOver) return refusal('connection_closed')
    if (!isCandidate(candidate)) return refusal('invalid_candidate_format')
    core.addCandidate(candidate, sdpMid, sdpMLineIndex)
    return { status: 'success' }
  }

  async #takeOffer(request: OfferRequest, context: OfferContext, host?: MediaHost): Promise<OfferResult> {
    const preparing = this.#isClosed ? undefined : this.#handlers.prepare?.()
    // Mostly there is nothing to wait for; then the session is known when this returns.
    const failed = preparing === undefined ? undefined : await this.#outcome(preparing)
    if (failed !== undefined) return failed
    context.signal?.throwIfAborted()
    const origin = parseOrigin(request.sdp)
    const known = this.#registry.get(request.webrtcId)
    if (known !== undefined) return this.#takeLaterOffer(known, request.sdp, origin)
    const admitted = this.#admit(request.webrtcId, origin, context.remoteAddress)
    if (!(admitted instanceof SessionCore)) return admitted
    try {
      const sdp = await this.#negotiate(admitted, request.sdp, context, host)
      this.#listener.onSession(admitted)
      return { sdp, type: 'answer' }
    } catch (error) {
      admitted.close('rejected')
      context.signal?.throwIfAborted()
      return this.#refuse(error)
    }
  }

  async #outcome(preparing: Promise<void>): Promise<FailedResult | undefined> {
    const seconds = this.#settings.connectTimeout
    const message = `The module of the WorkerHandler was still being loaded ${seconds} seconds after an offer came`
    let timer: NodeJS.Timeout | undefined
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new WorkerLoadError(message)), seconds * 1000)
      })
      await Promise.race([preparing, late])
      return undefined
    } catch (error) {
      return this.#refuse(error)
    } finally {
      clearTimeout(timer)
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
      return this.#refuse(error)
    }
  }

  /** Makes a session, known from now on, unless there is a reason not to. Nothing is awaited here, so two can't race. */
  #admit(id: string, origin: SdpOrigin | undefined, remoteAddress: string | undefined): SessionCore | FailedResult {
    if (this.#isClosed) return refusal('connection_closed', { message: 'The server takes no new connections' })
    const lack = this.#registry.lack(remoteAddress)
    if (lack === 'limit') return refusal('concurrency_limit_reached', { limit: this.#settings.concurrencyLimit })
    if (lack === 'half-open')
      return refusal('too_many_offers', { message: 'Too many offers wait for their connection' })
    try {
      const core = this.#makeSession(id, remoteAddress)
      this.#registry.add(core, origin, remoteAddress)
      return core
    } catch (error) {
      return this.#refuse(error)
    }
  }

  #makeSession(id: string, remoteAddress: string | undefined): SessionCore {
    const { logger, timeLimit, media, mode } = this.#settings
    const handler = this.#handlers.make()
    const core = new SessionCore({
      id,
      handler,
      logger,
      remoteAddress,
      timeLimit,
      outputTargetMs: media.queueMs.output,
      muted: mode === 'send',
    })
    bindSession(handler, core.session)
    return core
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
    const { serverRtcConfiguration, logger } = this.#settings
    const configuration = await configurationFor('serverRtcConfiguration', serverRtcConfiguration, request)
    return resolveIceServers(iceServers(configuration), host.serverAddresses, logger)
  }

  #refuse(error: unknown): FailedResult {
    if (error instanceof NegotiationError && error.reason !== OWN_FAULT)
      return refusal(error.reason, { message: error.message })
    this.#listener.onError(error)
    return refusal('server_error', { message: 'The server could not answer the offer; its log says why' })
  }
}

function makerOf({ handler, mode, additionalInputs, logger }: StreamSettings): HandlerMaker {
  const hasInputs = additionalInputs.length > 0
  if (handler instanceof WorkerHandler) return new WorkerPool(handler, mode, hasInputs, logger)
  return new HandlerSource(handler, mode, hasInputs)
}
