import { EventEmitter } from 'node:events'
import type { ParleyError } from '../errors.ts'
import type { AdditionalOutputs } from '../frames/additional-outputs.ts'
import type { Played, PlayedMark } from '../frames/played-mark.ts'
import { describe } from '../frames/describe.ts'
import type { TelephoneCall } from '../handlers/telephone-call.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import type { SpeechEvents } from '../turn-taking/turn.ts'
import { logRejections } from './announce.ts'
import type { Logger } from './logger.ts'
import type { SessionStats } from './session-stats.ts'

/**
 * Where a session stands: its offer was accepted; media flows; media has stopped but may come back; it is being ended, and
 * what is queued is still sent; it has ended.
 */
export type SessionState = 'connecting' | 'connected' | 'disconnected' | 'closing' | 'closed'

/** How a client reaches the server: by WebRTC, by a WebSocket, or by telephone. */
export type Transport = 'webrtc' | 'websocket' | 'telephone'

/** What a session tells its listeners; those of turns only with a handler that takes turns, such as `ReplyOnPause`. */
export interface SessionEvents extends SpeechEvents {
  /** Media flows; again after each `disconnected`. */
  connected: []
  /** Media has stopped; it may come back. */
  disconnected: []
  /** The client sent a message. */
  message: [text: string]
  /**
   * The client pressed a key of its telephone keypad and let it go (telephone-event, RFC 4733): `0` to `9`, `*`, `#`, or
   * `A` to `D`, and for how many milliseconds; 0 by telephone, where providers don't say it. In browsers: `RTCDTMFSender`.
   */
  dtmf: [digit: string, durationMs: number]
  /** The handler emitted outputs. */
  outputs: [outputs: AdditionalOutputs]
  /**
   * The client has heard the audio before a mark that the handler emitted, or as much of it as it will. Of a `WorkerHandler` it
   * is told by the session on the handler's thread; the main thread's never emits it.
   */
  played: [mark: PlayedMark, played: Played]
  /** Something went wrong: the handler threw or emitted nonsense, or the engine failed. Nobody has to listen. */
  error: [error: ParleyError]
  /** It has ended; the reason is a word or what `close` was given. */
  closed: [reason: string]
}

/** What does a session's work. */
export interface SessionBackend {
  /** The id that the client chose for its connection. */
  readonly id: string
  /** The copy of the stream's handler that serves this client. */
  readonly handler: StreamHandlerBase
  /** Where errors of listeners go. */
  readonly logger: Logger
  /** How the client reaches the server. */
  readonly transport: Transport
  /** The telephone call that it serves. */
  readonly call: TelephoneCall | undefined
  /** Where the session stands. */
  readonly state: SessionState
  /** The client's IP address. */
  readonly remoteAddress: string | undefined
  /** How much emitted audio the client has heard, in ms. */
  readonly playedMs: number
  /** How much emitted audio waits to be sent, in ms. */
  readonly queuedMs: number
  /** Counters and queue depths. */
  stats(): SessionStats
  /** Sends a message over the data channel, or the socket. */
  sendMessage(message: string): void
  /** Drops all audio that was emitted and not sent yet. */
  clearQueue(): void
  /** Ends the session. */
  close(reason: string): void
}

/** One connection of a client, and the handler that serves it. A `Stream` makes them. */
export class Session extends EventEmitter<SessionEvents> {
  readonly #backend: SessionBackend

  /** @param backend - does the work */
  constructor(backend: SessionBackend) {
    super({ captureRejections: true })
    this.#backend = backend
    logRejections(this, () => backend.logger)
  }

  /** The id that the client chose for its connection. */
  get id(): string {
    return this.#backend.id
  }

  /** The copy of the stream's handler that serves this client. */
  get handler(): StreamHandlerBase {
    return this.#backend.handler
  }

  /** How the client reaches the server. */
  get transport(): Transport {
    return this.#backend.transport
  }

  /** Who calls whom, for a session that came by telephone; undefined for any other. */
  get call(): TelephoneCall | undefined {
    return this.#backend.call
  }

  /** Where it stands. */
  get state(): SessionState {
    return this.#backend.state
  }

  /** The client's IP address: where its media comes from, before that where its offer came from; undefined if unknown. */
  get remoteAddress(): string | undefined {
    return this.#backend.remoteAddress
  }

  /**
   * How much emitted audio the client has heard, in ms: what was sent, less half a round trip. It follows real time while
   * audio flows, to 20 ms, never falls, and doesn't count what was cleared unsent. The client's own jitter buffer is not
   * known to the server, so the client may be some 20 to 100 ms behind.
   */
  get playedMs(): number {
    return this.#backend.playedMs
  }

  /** How much emitted audio waits to be sent, in ms. */
  get queuedMs(): number {
    return this.#backend.queuedMs
  }

  /** @returns counters and queue depths as they are now; all zero before there is media */
  stats(): SessionStats {
    return this.#backend.stats()
  }

  /**
   * Sends a message over the data channel; before it opens the message is kept. Over a WebSocket it goes out at once; by
   * telephone nobody reads it.
   *
   * @param message - any string, up to 64 KiB in UTF-8
   * @throws ChannelClosedError after the channel has closed, MessageTooLargeError, ChannelFullError, TypeError for what is no
   * string
   */
  sendMessage(message: string): void {
    this.#backend.sendMessage(message)
  }

  /** Drops all audio that was emitted and not sent yet; the client hears silence within 20 ms. */
  clearQueue(): void {
    this.#backend.clearQueue()
  }

  /**
   * Ends the session now. Messages that are queued still go out, audio doesn't.
   *
   * @param reason - told to the listeners of `closed`; `'closed by the server'` by default
   * @throws TypeError when it is no string; nothing is closed then
   */
  close(reason = 'closed by the server'): void {
    if (typeof reason !== 'string') throw new TypeError(`The reason must be a string, not ${describe(reason)}`)
    this.#backend.close(reason)
  }
}
