import { Complaints } from '../driver/complaints.ts'
import { createDriver } from '../driver/create-driver.ts'
import type { DriverClient } from '../driver/driver-client.ts'
import type { Runner } from '../driver/runner.ts'
import { InvalidCopyError, InvalidEmitError, type ParleyError } from '../errors.ts'
import type { AdditionalOutputs } from '../frames/additional-outputs.ts'
import type { PlayedMark } from '../frames/played-mark.ts'
import { toWebRTCError } from '../frames/thrown.ts'
import { isThenable } from '../driver/emit-sink.ts'
import { type HandlerContext, runInContext } from '../handlers/context.ts'
import type { TelephoneCall } from '../handlers/telephone-call.ts'
import { closedConnection, connectHandler, type StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { realClock } from '../native/clock.ts'
import type { MediaLink } from '../native/media-link.ts'
import { announce, announceSpeech } from '../session/announce.ts'
import type { Logger } from '../session/logger.ts'
import { checkMessageSize, Outbox } from '../session/outbox.ts'
import { PlayedMarks } from '../session/played-marks.ts'
import { Session, type SessionBackend, type SessionState, type Transport } from '../session/session.ts'
import type { SessionStats } from '../session/session-stats.ts'
import { bindSession } from '../stream/handler-source.ts'
import type { SpeechNews } from '../turn-taking/turn.ts'
import { findUncloneable } from './cloneable.ts'
import { settingsOf } from './load-handler.ts'
import type { AttachMessage, FromSession, HandlerSettings, RelayedEvent } from './protocol.ts'
import { packError } from './wire-error.ts'

/** What a session on a worker thread is made of. */
export interface ThreadSessionParts {
  /** What the main thread said of it. */
  readonly message: AttachMessage
  /** The copy made for it. */
  readonly handler: StreamHandlerBase
  /** Its media, attached. */
  readonly link: MediaLink
  /** Writes to the stream's log. */
  readonly logger: Logger
  /** Tells the main thread. */
  readonly post: (message: FromSession) => void
}

/** A session's handler on a worker thread, and what that handler sees of its session. */
export class ThreadSession implements DriverClient, SessionBackend {
  readonly id: string
  readonly handler: StreamHandlerBase
  readonly logger: Logger
  readonly #parts: ThreadSessionParts
  readonly #session: Session = new Session(this)
  readonly #outbox: Outbox
  readonly #context: HandlerContext
  readonly #driver: Runner
  readonly #marks = new PlayedMarks()
  readonly #complaints: Complaints
  #state: SessionState = 'connecting'

  /**
   * @param parts - what it is made of
   * @throws InvalidCopyError when the handler wants other media than the one that the main thread knows
   */
  constructor(parts: ThreadSessionParts) {
    const { message, handler, link, logger } = parts
    checkSettings(settingsOf(handler), message.settings)
    this.id = message.id
    this.handler = handler
    this.logger = logger
    this.#parts = parts
    this.#outbox = new Outbox(logger, message.id)
    const call = message.call === undefined ? {} : { call: message.call }
    this.#context = { webrtcId: message.id, ...call, warn: (text) => this.#outbox.notice('warning', text) }
    this.#complaints = new Complaints(this, link.clock ?? realClock)
    this.#driver = this.#drive()
    link.listen({
      onAudio: () => this.#driver.onAudio(),
      onRoom: () => this.#driver.onRoom(),
      onVideo: () => this.#driver.onVideo(),
      onVideoRoom: () => this.#driver.onVideoRoom(),
      onEvent: () => undefined,
    })
    this.#prepareHandler()
  }

  get state(): SessionState {
    return this.#state
  }

  get call(): TelephoneCall | undefined {
    return this.#parts.message.call
  }

  get transport(): Transport {
    return this.#parts.message.transport
  }

  get remoteAddress(): string | undefined {
    return (
      this.#parts.link
        .stats()
        .remoteAddress?.replace(/:\d+$/, '')
        .replace(/^\[(.*)\]$/, '$1') ?? this.#parts.message.remoteAddress
    )
  }

  stats(): SessionStats {
    return this.#parts.link.stats()
  }

  get playedMs(): number {
    return this.#parts.link.playedMs()
  }

  get queuedMs(): number {
    return this.#parts.link.queuedMs()
  }

  sendMessage(message: string): void {
    this.#outbox.send(message)
  }

  clearQueue(): void {
    this.#parts.link.clearQueue()
  }

  close(reason: string): void {
    this.#post({ type: 'close', key: this.#key, reason })
  }

  /** The client has connected. */
  start(): void {
    this.#driver.start()
  }

  /** The session is closing: its handler is called no more. */
  halt(): void {
    if (this.#state !== 'closed') this.#state = 'closing'
    this.#driver.halt()
  }

  /**
   * The session has ended.
   *
   * @param reason - told to the handler's listeners
   */
  async end(reason: string): Promise<void> {
    this.#state = 'closed'
    this.#outbox.close()
    this.#marks.end()
    this.#outbox.attempt(() => connectHandler(this.handler, closedConnection))
    const ended = this.#driver.end(reason)
    announce(this.logger, () => void this.#session.emit('closed', reason))
    await ended
  }

  /** The data channel is open. */
  openChannel(): void {
    this.#attempt(() => this.handler.setChannel({ send: (text) => this.#outbox.send(text) }))
  }

  /** @param args - with the placeholder */
  setArgs(args: unknown[]): void {
    this.#attempt(() => this.handler.setArgs(args))
  }

  /** @param event - that happened on the main thread */
  relay(event: RelayedEvent): void {
    announce(this.logger, () => {
      if (event.name === 'message') return this.#session.emit('message', event.text)
      if (event.name === 'played') return this.#onPlayed(event)
      if (event.name === 'dtmf') return this.#session.emit('dtmf', event.digit, event.durationMs)
      if (this.#state !== 'closing' && this.#state !== 'closed') this.#state = event.name
      return this.#session.emit(event.name)
    })
  }

  onFailure(error: ParleyError): void {
    this.#post({ type: 'failure', key: this.#key, error: packError(error) })
  }

  onComplaint(error: Error): void {
    this.#post({ type: 'complaint', key: this.#key, error: packError(error) })
  }

  onWarning(message: string): void {
    this.#post({ type: 'warning', key: this.#key, message })
  }

  onOutputs({ args }: AdditionalOutputs): void {
    try {
      this.#post({ type: 'outputs', key: this.#key, args })
    } catch {
      const wrong = findUncloneable(args, 'args') ?? 'args'
      this.#complaints.tell(
        new InvalidEmitError(`The handler gave outputs that structured clone can't copy to the main thread: ${wrong}`),
      )
    }
  }

  onMark(mark: PlayedMark, overMs: number | undefined): void {
    this.#marks.add(this.#parts.link, mark, overMs)
  }

  onSpeech(news: SpeechNews): void {
    this.#post({ type: 'speech', key: this.#key, news })
    if (this.#state !== 'closed') announceSpeech(this.#session, this.logger, news)
  }

  onCloseStream(message: string): void {
    this.#post({ type: 'close-stream', key: this.#key, message })
  }

  #onPlayed({ mark, playedMs, lengthMs }: RelayedEvent & { name: 'played' }): void {
    const passed = this.#marks.pass(mark, playedMs, lengthMs)
    if (passed !== undefined) this.#session.emit('played', ...passed)
  }

  get #key(): number {
    return this.#parts.message.key
  }

  #post(message: FromSession): void {
    this.#parts.post(message)
  }

  #drive(): Runner {
    const { handler, link, message } = this.#parts
    const { outputTargetMs, muted } = message
    return createDriver({ handler, link, client: this, context: this.#context, outputTargetMs, muted })
  }

  #prepareHandler(): void {
    const { handler, link, message } = this.#parts
    handler.phoneMode = message.phoneMode
    bindSession(handler, this.#session)
    this.#outbox.open(link, message.transport === 'webrtc' ? undefined : this.#sendOverSocket)
    const connection = { send: (text: string) => this.#outbox.send(text), clearQueue: () => link.clearQueue() }
    this.#outbox.attempt(() => connectHandler(handler, connection))
    if (message.args !== 'not_set') this.setArgs(message.args)
  }

  #attempt(call: () => unknown): void {
    try {
      const result = runInContext(this.#context, call)
      if (isThenable(result)) result.then(undefined, this.#fail)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The main thread has the socket. */
  readonly #sendOverSocket = (text: string): void => {
    checkMessageSize(text)
    this.#post({ type: 'send', key: this.#key, text })
  }

  readonly #fail = (error: unknown): void => {
    this.#driver.halt()
    this.onFailure(toWebRTCError(error))
  }
}

/** The session's media was made for the settings of the handler that the class's constructor made. */
function checkSettings(copy: HandlerSettings, known: HandlerSettings): void {
  for (const name of ['expectedLayout', 'inputSampleRate', 'outputSampleRate', 'fps', 'skipFrames'] as const) {
    if (copy[name] === known[name]) continue
    throw new InvalidCopyError(
      `copy() returned a handler whose ${name} is ${copy[name]}, and that of the handler it was made of is ${known[name]}: ` +
        'on worker threads all copies must want the same media',
    )
  }
}
