import { EventEmitter } from 'node:events'
import { ParleyError } from '../errors.ts'
import type { AdditionalOutputs } from '../frames/additional-outputs.ts'
import { describeThrown, toWebRTCError } from '../frames/thrown.ts'
import { PLACEHOLDER } from '../handlers/stream-handler-base.ts'
import { Host, type MediaHost, type SocketHost } from '../native/host.ts'
import { announce, logRejections } from '../session/announce.ts'
import type { SessionCore } from '../session/session-core.ts'
import type { Session } from '../session/session.ts'
import type { SocketPeer } from '../session/socket-peer.ts'
import type { SocketSession } from '../session/socket-session.ts'
import type { OfferResult } from '../signaling/offer-result.ts'
import { Admission } from './admission.ts'
import { checkDrain, checkId, checkObject, checkSeconds, checkSignal, checkWord } from './checks.ts'
import { type ClientConfiguration, clientConfiguration } from './client-configuration.ts'
import { checkContext, type OfferContext, OfferDesk } from './offer-desk.ts'
import { OutputBoard } from './output-board.ts'
import { resolveOptions } from './resolve-options.ts'
import { SessionRegistry } from './session-registry.ts'
import { ShownOutputs } from './shown-outputs.ts'
import { SocketDesk, type SocketRequest } from './socket-desk.ts'
import type { StreamBaseOptions, StreamSettings } from './stream-options.ts'

export type { StreamBaseOptions } from './stream-options.ts'

/** What a stream tells its listeners. Nobody has to listen. */
export interface StreamEvents {
  /** An offer was answered, or a socket's session has begun. */
  session: [session: Session]
  /** Its media flows, for the first time or again. */
  'session:connected': [session: Session]
  /** It has ended. */
  'session:closed': [session: Session, reason: string]
  /** A session went wrong, or an offer could not be answered, which is then without a session. */
  error: [error: ParleyError, session?: Session]
}

/** Why the sessions of a stream end that is closed. */
export const STREAM_CLOSED = 'The stream was closed'

// Assigned by the class, the only one that may touch its private fields, and kept off it so that users don't see it.
let offer: (stream: StreamBase, body: unknown, context: OfferContext, host: MediaHost) => Promise<OfferResult>
let socket: (stream: StreamBase, request: SocketRequest, peer: SocketPeer, host?: SocketHost) => SocketSession

/** A handler offered to clients, without a server: whoever has a way to carry offers calls {@link StreamBase.offer}. */
export class StreamBase extends EventEmitter<StreamEvents> {
  /** The options, checked and completed. */
  readonly options: StreamSettings
  readonly #registry: SessionRegistry
  readonly #outputs = new OutputBoard()
  readonly #admission: Admission
  readonly #desk: OfferDesk
  readonly #sockets: SocketDesk
  readonly #shown: ShownOutputs | undefined

  /**
   * @param options - the handler, and whatever differs from the defaults
   * @throws TypeError or RangeError naming the option that can't be used
   */
  constructor(options: StreamBaseOptions) {
    super({ captureRejections: true })
    this.options = resolveOptions(options)
    logRejections(this, () => this.options.logger)
    const { additionalOutputs, additionalOutputsHandler, concurrencyLimit } = this.options
    if (additionalOutputs.length > 0 && additionalOutputsHandler !== undefined) {
      this.#shown = new ShownOutputs(additionalOutputs, additionalOutputsHandler)
    }
    Host.prepare()
    this.#registry = new SessionRegistry(concurrencyLimit)
    const listener = {
      onSession: (core: SessionCore) => this.#onSession(core),
      onError: (error: unknown) => this.#onError(error),
    }
    this.#admission = new Admission(this.options, this.#registry, listener)
    this.#desk = new OfferDesk(this.options, this.#registry, this.#admission, listener)
    this.#sockets = new SocketDesk(this.options, this.#registry, this.#admission, listener)
  }

  /** The sessions by their clients' ids, from when their offer or their socket was taken until they have ended. */
  get sessions(): ReadonlyMap<string, Session> {
    return this.#registry.sessions
  }

  /**
   * Answers an offer or a candidate: what `POST /webrtc/offer` does, for a signalling path of one's own.
   *
   * @param body - `{ sdp, type: 'offer', webrtc_id }`, `{ type: 'ice-candidate', candidate, webrtc_id }` or
   * `{ type: 'withdraw', offer_session, webrtc_id }`, parsed
   * @param context - where it came from
   * @returns the answer, success, or the refusal with its code
   * @throws InvalidRequestError for a body of the wrong shape, TypeError for a context that can't be used, and the signal's reason when it is aborted
   */
  async offer(body: unknown, context: OfferContext = {}): Promise<OfferResult> {
    checkContext(context)
    return this.#desk.answer(body, context)
  }

  /**
   * Gives a session its additional inputs.
   *
   * @param webrtcId - the client's id
   * @param args - the inputs; none counts as inputs having arrived too
   * @returns whether there is such a session
   */
  setInput(webrtcId: string, ...args: unknown[]): boolean {
    const core = this.#registry.get(webrtcId)?.core
    core?.setArgs([PLACEHOLDER, ...args])
    return core !== undefined
  }

  /**
   * The outputs of a session, one after the other until it ends. Each is read by one reader only. Begun before the session
   * exists, it waits for it at most 10 s.
   *
   * @param webrtcId - the client's id
   * @param options - `signal`: ends the reading when it is aborted
   * @returns the outputs; reading throws TimeoutError when no session began
   * @throws TypeError for an id that is no string, or an option that doesn't exist
   */
  outputStream(webrtcId: string, options: { signal?: AbortSignal } = {}): AsyncIterable<AdditionalOutputs> {
    checkId(webrtcId)
    checkSignal(checkObject('', options, ['signal'])['signal'])
    return this.#outputs.stream(webrtcId, options.signal)
  }

  /**
   * The next outputs of a session.
   *
   * @param webrtcId - the client's id
   * @param options - `timeout`: seconds to wait for them; 10 by default
   * @returns them
   * @throws TimeoutError when none came in time, SessionClosedError when the session ended, TypeError or RangeError at once for
   * an id that is no string, or a time that can't be waited
   */
  async fetchLatestOutput(webrtcId: string, options: { timeout?: number } = {}): Promise<AdditionalOutputs> {
    checkId(webrtcId)
    const { timeout = 10 } = checkObject('', options, ['timeout'])
    return this.#outputs.latest(webrtcId, checkSeconds('timeout', timeout))
  }

  /**
   * What a page shows of a session's outputs: what `additionalOutputsHandler` made of them so far. The built-in page shows it;
   * for a page of your own that does, serve it when it got a `fetch_output` message. Can be read until 10 s after the end.
   *
   * @param webrtcId - the client's id
   * @returns one value for each of `additionalOutputs`; undefined for an unknown id, or a stream without that function
   */
  async shownOutputs(webrtcId: string): Promise<readonly unknown[] | undefined> {
    return this.#shown?.values(webrtcId)
  }

  /**
   * Asks a client to change its connection.
   *
   * @param webrtcId - the client's id
   * @param state - `'closed'`: to close it
   * @returns whether there is such a session
   * @throws RangeError for another state
   */
  updateConnection(webrtcId: string, state: 'closed'): boolean {
    checkWord('state', state, ['closed'])
    const core = this.#registry.get(webrtcId)?.core
    core?.outbox.tell({ type: 'update_connection', data: state })
    return core !== undefined
  }

  /**
   * What a page needs to connect: what `GET /webrtc/config` serves.
   *
   * @param request - the page's, for an `rtcConfiguration` that is a function
   * @returns plain JSON
   * @throws ConfigurationError when that function fails
   */
  clientConfiguration(request?: Request): Promise<ClientConfiguration> {
    return clientConfiguration(this.options, request)
  }

  /**
   * Does what the first offer would otherwise wait for: loads the addon, and starts the first thread of a `WorkerHandler`.
   * `launch` does it too.
   *
   * @returns when it is done
   * @throws AddonMissingError when there can be no media on this machine; WorkerLoadError when the handler's module can't be
   * used, and a later call, or an offer, tries again; NegotiationError when the stream was closed
   */
  async ready(): Promise<void> {
    await Promise.all([Host.open(), this.#admission.prepare()])
  }

  /** Whether {@link close} was called: it takes no new session any more. */
  get isClosed(): boolean {
    return this.#admission.isClosed
  }

  /**
   * Takes no new session, and ends the others. Settles when their clients were told, which has 2 s, and their handlers'
   * `shutdown()` has settled, which has 5 s.
   *
   * @param options - `drain`: seconds that they may go on meanwhile; by default they end now
   * @throws TypeError or RangeError naming a `drain` that can't be used; nothing is closed then
   */
  async close(options: { drain?: number } = {}): Promise<void> {
    const drain = checkDrain(options)
    this.#admission.close()
    if (drain !== 0) await this.#registry.whenEmpty(drain)
    for (const session of this.sessions.values()) session.close(STREAM_CLOSED)
    await this.#registry.whenSettled()
    await this.#admission.end()
  }

  /** The same as {@link close}, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #onSession(core: SessionCore): void {
    const { session, outputs } = core
    this.options.logger.info(`session ${session.id}: from ${session.remoteAddress ?? 'an unknown address'}`)
    session.on('connected', () => {
      // One that came too late for a place is closing already.
      if (session.state === 'connected') this.#announce('session:connected', session)
    })
    session.on('closed', (reason) => {
      this.#outputs.close(session.id, outputs)
      this.options.logger.info(`session ${session.id}: closed (${reason})`)
      this.#announce('session:closed', session, reason)
    })
    session.on('error', (error) => this.#announceError(error, session))
    this.#outputs.open(session.id, outputs)
    this.#shown?.follow(session, (error) => core.onComplaint(error))
    this.#announce('session', session)
  }

  #onError(error: unknown): void {
    this.options.logger.error(`An offer could not be answered: ${describeThrown(error)}`)
    this.#announceError(error instanceof ParleyError ? error : toWebRTCError(error))
  }

  /** Node throws what nobody listens for; here the log has it, and the process lives. */
  #announceError(...args: StreamEvents['error']): void {
    if (this.listenerCount('error') > 0) this.#announce('error', ...args)
  }

  #announce<Name extends keyof StreamEvents>(name: Name, ...args: StreamEvents[Name]): void {
    // Node's types don't follow a generic name to its arguments; the signature above does.
    const emitter = this as unknown as EventEmitter
    announce(this.options.logger, () => void emitter.emit(name, ...args))
  }

  static {
    offer = (stream, body, context, host) => stream.#desk.answer(body, context, host)
    socket = (stream, request, peer, host) => stream.#sockets.open(request, peer, host)
  }
}

/**
 * Begins a session over a socket.
 *
 * @param stream - the session's
 * @param request - what its client wants
 * @param peer - the far end
 * @param host - runs the media; by default this thread's media engine
 * @returns what the far end acts on; the peer is told whether there is a session. This never throws
 */
export function openSocket(
  stream: StreamBase,
  request: SocketRequest,
  peer: SocketPeer,
  host?: SocketHost,
): SocketSession {
  return socket(stream, request, peer, host)
}

/**
 * The same as {@link StreamBase.offer}, for a session whose media isn't run by this thread's media engine.
 *
 * @param stream - the session's
 * @param body - parsed
 * @param context - where it came from
 * @param host - runs the media
 * @returns the answer, success, or the refusal with its code
 */
export function offerThrough(
  stream: StreamBase,
  body: unknown,
  context: OfferContext,
  host: MediaHost,
): Promise<OfferResult> {
  return offer(stream, body, context, host)
}
