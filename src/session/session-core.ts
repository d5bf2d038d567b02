import { createDriver } from '../driver/create-driver.ts'
import type { DriverClient } from '../driver/driver-client.ts'
import { isThenable } from '../driver/emit-sink.ts'
import type { Runner } from '../driver/runner.ts'
import { InputDroppedError, ParleyError, SessionFailedError } from '../errors.ts'
import type { AdditionalOutputs } from '../frames/additional-outputs.ts'
import type { PlayedMark } from '../frames/played-mark.ts'
import { toWebRTCError } from '../frames/thrown.ts'
import { type HandlerContext, runInContext } from '../handlers/context.ts'
import type { TelephoneCall } from '../handlers/telephone-call.ts'
import { closedConnection, connectHandler, type StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { type Cancel, realClock } from '../native/clock.ts'
import { mapError } from '../native/map-error.ts'
import type { LinkEvent, MediaLink } from '../native/media-link.ts'
import type { SpeechNews } from '../turn-taking/turn.ts'
import { formatReceipt, HANDSHAKE } from '../signaling/messages.ts'
import { Aftermath } from './aftermath.ts'
import { announceSpeech } from './announce.ts'
import type { Logger } from './logger.ts'
import { Negotiation } from './negotiation.ts'
import { Outbox } from './outbox.ts'
import { PlayedMarks } from './played-marks.ts'
import { Session, type SessionBackend, type SessionState, type Transport } from './session.ts'
import { SessionNews } from './session-news.ts'
import { SessionOutputs } from './session-outputs.ts'
import type { SessionParts } from './session-parts.ts'
import { readStats, type SessionStats } from './session-stats.ts'

/** How long the engine may take to send the messages that are queued when a session closes. */
const CLOSE_GRACE_MS = 5000

/** A session's work: its offers, its handler's driver, its messages, and its end. */
export class SessionCore implements SessionBackend, DriverClient {
  readonly id: string
  readonly handler: StreamHandlerBase
  readonly logger: Logger
  /** What users see of it. */
  readonly session: Session = new Session(this)
  /** What the handler has for the page. */
  readonly outputs: SessionOutputs = new SessionOutputs()
  /** What goes to the client. */
  readonly outbox: Outbox

  readonly #parts: SessionParts
  readonly #news: SessionNews
  readonly #context: HandlerContext
  readonly #negotiation = new Negotiation()
  readonly #aftermath = new Aftermath((message) => this.logger.warn(`session ${this.id}: ${message}`))
  readonly #marks = new PlayedMarks()
  #state: SessionState = 'connecting'
  #link: MediaLink | undefined
  #driver: Runner | undefined
  #farewell = ''
  #closeReason: string | undefined
  #cancelTimer: Cancel | undefined

  /** @param parts - what it is made of */
  constructor(parts: SessionParts) {
    this.#parts = parts
    this.id = parts.id
    this.handler = parts.handler
    this.logger = parts.logger
    this.outbox = new Outbox(parts.logger, parts.id)
    this.#news = new SessionNews(this.session, this.outbox)
    this.#context = contextOf(parts, (message) => this.outbox.notice('warning', message))
  }

  get state(): SessionState {
    return this.#state
  }

  get transport(): Transport {
    return this.#parts.transport
  }

  get call(): TelephoneCall | undefined {
    return this.#parts.call
  }

  get remoteAddress(): string | undefined {
    return withoutPort(this.#link?.stats().remoteAddress) ?? this.#parts.remoteAddress
  }

  /** Whether it has ended or is ending. */
  get isOver(): boolean {
    return this.#state === 'closing' || this.#state === 'closed'
  }

  /** Whether a later offer may be handed over now. */
  get canRenegotiate(): boolean {
    return this.#link !== undefined && !this.isOver && !this.#negotiation.isPending
  }

  stats(): SessionStats {
    return readStats(this.#link)
  }

  get playedMs(): number {
    return this.#link?.playedMs() ?? 0
  }

  get queuedMs(): number {
    return this.#link?.queuedMs() ?? 0
  }

  sendMessage(message: string): void {
    this.outbox.send(message)
  }

  clearQueue(): void {
    this.#link?.clearQueue()
  }

  close(reason: string): void {
    if (this.#state === 'closed') return
    this.#closeReason ??= reason
    this.#closeLink()
    this.#finish(this.#closeReason)
  }

  /** Once it has closed: waits, some seconds at most, until its client was told and its handler has shut down. */
  settled(): Promise<void> {
    return this.#aftermath.settled()
  }

  /**
   * Tells the client that the stream ends, then ends it. Audio that is queued is dropped.
   *
   * @param message - what the client is told
   * @param reason - what listeners are told
   */
  endStream(message: string, reason: string): void {
    if (this.#state === 'closed' || this.#closeReason !== undefined) return
    this.outbox.tell({ type: 'end_stream', data: message })
    this.#closeGracefully(reason)
  }

  /**
   * Ends it with an error that the client is told.
   *
   * @param error - what went wrong
   */
  fail(error: ParleyError): void {
    if (this.isOver) return
    this.#news.report(error)
    this.#closeGracefully('error')
  }

  /**
   * Gives the session its media.
   *
   * @param link - accepts its offer
   * @returns the answer's SDP
   * @throws NegotiationError when the offer can't be used, and what keeps the handler from being made
   */
  attach(link: MediaLink): Promise<string> {
    const answer = this.#negotiation.wait()
    const { prepared } = this.#run(link)
    return prepared === undefined ? answer : Promise.all([answer, prepared]).then(([sdp]) => sdp)
  }

  /**
   * Gives the session its media when they come over a socket, where nothing is negotiated.
   *
   * @param link - its media
   * @param send - sends a text to the client
   */
  attachSocket(link: MediaLink, send: (text: string) => void): void {
    const { prepared } = this.#run(link, send)
    prepared?.catch((error: unknown) => this.fail(error instanceof ParleyError ? error : toWebRTCError(error)))
    this.#onChannelOpen()
  }

  #run(link: MediaLink, send?: (text: string) => void): Runner {
    this.#link = link
    const { outputTargetMs, muted } = this.#parts
    const parts = { handler: this.handler, link, client: this, context: this.#context, outputTargetMs, muted }
    const driver = createDriver(parts)
    this.#driver = driver
    link.listen({
      onAudio: () => driver.onAudio(),
      onRoom: () => driver.onRoom(),
      onVideo: () => driver.onVideo(),
      onVideoRoom: () => driver.onVideoRoom(),
      onEvent: this.#onEvent,
    })
    this.outbox.open(link, send)
    this.outbox.attempt(() => connectHandler(this.handler, this.#handlerConnection))
    return driver
  }

  /**
   * Hands over a later offer.
   *
   * @param sdp - the offer
   * @returns the answer's SDP
   * @throws NegotiationError when the offer can't be used; the session goes on as it was
   */
  renegotiate(sdp: string): Promise<string> {
    const answer = this.#negotiation.wait()
    this.#link?.renegotiate(sdp)
    return answer
  }

  /**
   * Hands over a candidate of the client; one that comes before the answer waits.
   *
   * @param candidate - the attribute
   * @param sdpMid - of its m-line
   * @param sdpMLineIndex - of its m-line
   */
  addCandidate(candidate: string, sdpMid: string | undefined, sdpMLineIndex: number | undefined): void {
    this.outbox.withLink((link) => link.addCandidate(candidate, sdpMid, sdpMLineIndex))
  }

  /**
   * Gives the handler its additional arguments.
   *
   * @param args - with the placeholder
   * @throws what the handler's own `setArgs` throws
   */
  setArgs(args: unknown[]): void {
    this.#callHandler(() => this.handler.setArgs(args))
  }

  /** @param error - the handler threw it, or its thread ended, so the session ends */
  onFailure(error: ParleyError): void {
    this.fail(error)
  }

  /** @param error - told to everybody; the session goes on */
  onComplaint(error: Error): void {
    this.#news.report(error)
  }

  /** @param message - told to the client and the log */
  onWarning(message: string): void {
    this.logger.warn(`session ${this.id}: ${message}`)
    this.outbox.notice('warning', message)
  }

  /** @param outputs - what the handler emitted for the page */
  onOutputs(outputs: AdditionalOutputs): void {
    if (!this.outputs.put(outputs)) {
      this.logger.debug(`session ${this.id}: nobody reads the outputs, so the oldest were dropped`)
    }
    this.outbox.tell({ type: 'fetch_output', data: [] })
    this.#news.announce('outputs', outputs)
  }

  /**
   * @param mark - behind the audio that is queued
   * @param overMs - how much of that audio it is about
   */
  onMark(mark: PlayedMark, overMs: number | undefined): void {
    if (this.#link !== undefined) this.#marks.add(this.#link, mark, overMs)
  }

  /** @param news - of the conversation, for listeners */
  onSpeech(news: SpeechNews): void {
    if (this.#state !== 'closed') announceSpeech(this.session, this.logger, news)
  }

  /** @param message - told to the client when all audio before it was heard */
  onCloseStream(message: string): void {
    if (this.isOver) return
    this.#farewell = message
    this.#state = 'closing'
    this.#link?.drain()
  }

  /**
   * The client pressed a key.
   *
   * @param digit - which
   * @param durationMs - for how long
   */
  onDtmf(digit: string, durationMs: number): void {
    this.#news.announce('dtmf', digit, durationMs)
  }

  /** @param text - the client sent it */
  onMessage(text: string): void {
    if (text === HANDSHAKE) return
    this.outbox.trySend(formatReceipt(text))
    this.#news.announce('message', text)
  }

  readonly #handlerConnection = {
    send: (text: string): void => this.outbox.send(text),
    clearQueue: (): void => this.clearQueue(),
  }

  readonly #onEvent = (event: LinkEvent): void => {
    switch (event.kind) {
      case 'rejected':
        this.#marks.end()
        this.#aftermath.mediaEnded()
        return this.#negotiation.settle(event)
      case 'answer':
      case 'renegotiation-rejected':
        return this.#negotiation.settle(event)
      case 'connected':
        return this.#onConnected()
      case 'disconnected':
        return this.#onDisconnected()
      case 'channel-open':
        return this.#onChannelOpen()
      case 'message':
        return this.onMessage(event.text)
      case 'dtmf':
        return this.onDtmf(event.digit, event.durationMs)
      case 'played':
        return this.#onPlayed(event)
      case 'drained':
        return this.#onDrained()
      case 'input-dropped':
        // Who says goodbye needn't listen any more.
        if (!this.isOver) this.#news.report(new InputDroppedError(event.waitingMs))
        return
      case 'error':
        return this.#news.report(toError(event))
      case 'closed':
        this.#marks.end()
        this.#aftermath.mediaEnded()
        return this.#finish(this.#closeReason ?? event.code)
      case 'channel-closed':
        return
    }
  }

  #onConnected(): void {
    if (this.isOver) return
    this.#state = 'connected'
    this.#news.announce('connected')
    if (this.isOver) return
    this.#startTimeLimit()
    this.#driver?.start()
  }

  #startTimeLimit(): void {
    const { timeLimit } = this.#parts
    if (this.#cancelTimer !== undefined || timeLimit === Infinity) return
    const unit = timeLimit === 1 ? 'second' : 'seconds'
    const end = (): void => this.endStream(`The time limit of ${timeLimit} ${unit} is over`, 'time_limit')
    this.#cancelTimer = this.#after(timeLimit * 1000, end)
  }

  #after(ms: number, call: () => void): Cancel {
    return (this.#link?.clock ?? realClock).after(ms, call)
  }

  #onDisconnected(): void {
    if (this.#state !== 'connected') return
    this.#state = 'disconnected'
    this.#news.announce('disconnected')
  }

  #onChannelOpen(): void {
    try {
      this.#callHandler(() => this.handler.setChannel({ send: (text) => this.outbox.send(text) }))
    } catch (error) {
      this.fail(toWebRTCError(error))
    }
  }

  /** Calls a method that a handler may have made asynchronous, though its result isn't waited for. */
  #callHandler(call: () => unknown): void {
    const result = runInContext(this.#context, call)
    if (isThenable(result)) result.then(undefined, (error: unknown) => this.fail(toWebRTCError(error)))
  }

  #onPlayed(event: LinkEvent & { kind: 'played' }): void {
    const passed = this.#marks.pass(event.mark, event.playedMs, event.lengthMs)
    if (passed === undefined) this.#driver?.onPlayed?.(event)
    // Nothing follows `closed`; whoever waits for the mark itself is told even then.
    else if (this.#state !== 'closed') this.#news.announce('played', ...passed)
  }

  /** All audio that was emitted before a `CloseStream` has been heard. */
  #onDrained(): void {
    if (this.#state !== 'closing' || this.#closeReason !== undefined) return
    this.outbox.tell({ type: 'end_stream', data: this.#farewell })
    this.#closeGracefully('close_stream')
  }

  /** Ends the session when the messages that are queued have gone out. */
  #closeGracefully(reason: string): void {
    if (this.#state === 'connecting') return this.close(reason)
    this.#closeReason = reason
    this.#state = 'closing'
    this.#driver?.halt()
    this.#cancelTimer?.()
    this.#cancelTimer = this.#after(CLOSE_GRACE_MS, () => this.#finish(reason))
    this.#closeLink()
  }

  #closeLink(): void {
    this.#link?.clearQueue()
    // Who never connected gets no messages, so there is nothing to wait for.
    this.#link?.close(this.#state !== 'connecting')
  }

  #finish(reason: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#cancelTimer?.()
    this.#negotiation.end()
    this.outbox.close()
    this.outputs.end()
    this.outbox.attempt(() => connectHandler(this.handler, closedConnection))
    if (this.#link === undefined) this.#aftermath.mediaEnded()
    this.#aftermath.shutsDown(this.#driver?.end(reason) ?? this.#shutDownUnstarted())
    this.#news.announce('closed', reason)
  }

  /** The handler of an offer that came to nothing never ran, but may hold something. */
  #shutDownUnstarted(): Promise<void> {
    const shutDown = async (): Promise<void> => runInContext(this.#context, () => this.handler.shutdown())
    return shutDown().catch((error: unknown) => this.#news.report(toWebRTCError(error)))
  }
}

/** What the engine complains of: a fault of its own, or a message that it could not send. */
function toError(event: LinkEvent & { kind: 'error' }): Error {
  return event.code === 'ERR_PARLEY_SESSION_FAULT' ? new SessionFailedError(event.message) : mapError(event)
}

/** `192.0.2.1:5000` or `[2001:db8::1]:5000` without the port. */
function withoutPort(address: string | undefined): string | undefined {
  return address?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** A handler over WebRTC sees no key `websocket` at all, and one that serves no call no key `call`. */
function contextOf({ id, websocket, call }: SessionParts, warn: HandlerContext['warn']): HandlerContext {
  const socket = websocket === undefined ? {} : { websocket }
  return { webrtcId: id, warn, ...socket, ...(call === undefined ? {} : { call }) }
}
