import { NegotiationError, WorkerLoadError } from '../errors.ts'
import { SessionCore } from '../session/session-core.ts'
import type { SessionParts } from '../session/session-parts.ts'
import { within } from '../session/within.ts'
import { type FailedResult, refusal } from '../signaling/offer-result.ts'
import { WorkerHandler } from '../workers/worker-handler.ts'
import { WorkerPool } from '../workers/worker-pool.ts'
import { bindSession, type HandlerMaker, HandlerSource } from './handler-source.ts'
import type { SessionRegistry } from './session-registry.ts'
import type { StreamSettings } from './stream-options.ts'

/** The reason of the engine's refusals that are this server's fault: a busy port, no threads. Its message has addresses. */
const OWN_FAULT = 'transport'

/** Why a stream that was closed does nothing more. */
export const CLOSED = 'The stream was closed, and takes no connection any more: make another'

/** Whom the desks of a stream tell. */
export interface DeskListener {
  /** A session was made, and has its media. */
  onSession(core: SessionCore): void
  /** A client could not be served, and that is no fault of its own. */
  onError(error: unknown): void
}

/** Who wants a session. */
export type Applicant = Pick<SessionParts, 'id' | 'remoteAddress' | 'transport' | 'websocket' | 'call'>

/** Decides which clients get a session, and makes it: the same for offers and for sockets. */
export class Admission {
  readonly #settings: StreamSettings
  readonly #registry: SessionRegistry
  readonly #listener: DeskListener
  readonly #handlers: HandlerMaker
  #isClosed = false

  /**
   * @param settings - the stream's
   * @param registry - its sessions
   * @param listener - is told of errors
   */
  constructor(settings: StreamSettings, registry: SessionRegistry, listener: DeskListener) {
    this.#settings = settings
    this.#registry = registry
    this.#listener = listener
    this.#handlers = makerOf(settings)
  }

  /** Does what the first session would otherwise wait for, and throws what it would be refused for. */
  async prepare(): Promise<void> {
    if (this.#isClosed) throw new NegotiationError('connection_closed', CLOSED)
    const { connectTimeout: seconds, logger } = this.#settings
    const preparing = this.#handlers.prepare?.()
    if (preparing === undefined) return
    const warn = (): void =>
      logger.warn(`The module of the WorkerHandler is still being loaded after ${seconds} seconds`)
    const timer = setTimeout(warn, seconds * 1000)
    await preparing.finally(() => clearTimeout(timer))
  }

  /** Whether it takes no new session any more. */
  get isClosed(): boolean {
    return this.#isClosed
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
   * Waits until handlers can be made.
   *
   * @returns undefined when they can be now; else settles with why not, or with undefined when all is well
   */
  whenReady(): Promise<FailedResult | undefined> | undefined {
    const preparing = this.#isClosed ? undefined : this.#handlers.prepare?.()
    return preparing === undefined ? undefined : this.#outcome(preparing)
  }

  /**
   * Makes a session, unless there is a reason not to. Nothing is awaited here, so two can't race.
   *
   * @param applicant - who wants it
   * @param add - takes it into the registry
   * @returns the session, known from now on, or the refusal
   */
  admit(applicant: Applicant, add: (core: SessionCore) => void): SessionCore | FailedResult {
    if (this.#isClosed) return this.#refuseAll()
    const lack = this.#registry.lack(applicant.remoteAddress)
    if (lack === 'limit') return refusal('concurrency_limit_reached', { limit: this.#settings.concurrencyLimit })
    if (lack === 'half-open')
      return refusal('too_many_offers', { message: 'Too many offers wait for their connection' })
    try {
      const core = this.#makeSession(applicant)
      add(core)
      return core
    } catch (error) {
      return this.refuse(error)
    }
  }

  /**
   * What a client is told when it can't be served.
   *
   * @param error - why; what is this server's own fault goes to its operator alone
   * @returns the refusal
   */
  refuse(error: unknown): FailedResult {
    if (error instanceof NegotiationError && error.reason !== OWN_FAULT)
      return refusal(error.reason, { message: error.message })
    this.#listener.onError(error)
    return refusal('server_error', { message: 'The server could not answer the offer; its log says why' })
  }

  async #outcome(preparing: Promise<void>): Promise<FailedResult | undefined> {
    const seconds = this.#settings.connectTimeout
    const late = (): never => {
      throw new WorkerLoadError(
        `The module of the WorkerHandler was still being loaded ${seconds} seconds after an offer came`,
      )
    }
    try {
      await within(seconds * 1000, preparing, late)
      return undefined
    } catch (error) {
      return this.#isClosed ? this.#refuseAll() : this.refuse(error)
    }
  }

  #refuseAll(): FailedResult {
    return refusal('connection_closed', { message: 'The server takes no new connections' })
  }

  #makeSession(applicant: Applicant): SessionCore {
    const { logger, timeLimit, media, mode } = this.#settings
    const handler = this.#handlers.make()
    if (applicant.transport === 'telephone') handler.phoneMode = true
    const outputTargetMs = media.queueMs.output
    const core = new SessionCore({ ...applicant, handler, logger, timeLimit, outputTargetMs, muted: mode === 'send' })
    bindSession(handler, core.session)
    return core
  }
}

function makerOf({ handler, modality, mode, additionalInputs, rtpParams, logger }: StreamSettings): HandlerMaker {
  const purpose = { modality, mode, hasInputs: additionalInputs.length > 0, fps: rtpParams.maxFramerate ?? 30 }
  if (handler instanceof WorkerHandler) return new WorkerPool(handler, purpose, logger)
  return new HandlerSource(handler, purpose)
}
