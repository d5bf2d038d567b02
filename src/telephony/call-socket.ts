import { TelephoneError } from '../errors.ts'
import type { TelephoneCall } from '../handlers/telephone-call.ts'
import type { Session } from '../session/session.ts'
import { closeOf, refusalCode } from '../server/close-codes.ts'
import type { FailedResult } from '../signaling/offer-result.ts'
import { Playout } from '../session/playout.ts'
import type { SocketPeer } from '../session/socket-peer.ts'
import type { SocketSession } from '../session/socket-session.ts'
import type { SocketRequest } from '../stream/socket-desk.ts'
import { HeardMarks } from './heard-marks.ts'
import { MediaOrder } from './media-order.ts'
import { fieldsOf } from './message-fields.ts'
import type { Answer } from './outbound-call.ts'
import type { ProviderMessage, StreamMedia, StreamStart, TelephoneProvider } from './provider.ts'

/**
 * How far audio is sent ahead of real time, in ms. The provider plays it on its own clock, and a clear drops what is ahead: so a
 * reply goes on without a gap while the event loop is held up for as long. Live audio is never held back for it.
 */
const LEAD_MS = 160
/** The rate of telephone audio (ITU-T G.711), in Hz. */
const SAMPLE_RATE = 8000
/** Characters of the longest name of a stream: Twilio's have 34, Telnyx's 36. */
const MAX_ID = 128

/** The connection of a media socket. */
export interface CallConnection {
  /** Where it comes from. */
  readonly remoteAddress: string | undefined
  /** The WebSocket, for `getCurrentContext`. */
  readonly socket: unknown
  /** The stream has begun. */
  started(): void
  /** Sends a message, if that is possible. */
  trySend(text: string): void
  /** Sends a message that may be dropped when the provider reads too slowly, together with what follows it. */
  sendAudio(text: string): boolean
  /** Ends it. */
  close(code: number, reason: string): void
  /** Lets go what was held back for more to go with it. */
  flush(): void
}

/** Begins a session over a socket. */
export type OpenCall = (request: SocketRequest, peer: SocketPeer) => SocketSession

/** What a call's socket is made of. */
export interface CallSocketParts {
  /** To the provider. */
  readonly connection: CallConnection
  /** Whose messages they are. */
  readonly provider: TelephoneProvider
  /** Begins the session. */
  readonly open: OpenCall
  /**
   * @param start - how the stream begins
   * @returns the call whose media it is; undefined for one that isn't expected
   */
  admit(start: StreamStart): { readonly call: TelephoneCall; readonly answer: Answer | undefined } | undefined
}

/** One call's media socket: the provider's messages on one side, a session on the other. */
export class CallSocket implements SocketPeer {
  readonly #parts: CallSocketParts
  readonly #order = new MediaOrder()
  readonly #marks: HeardMarks
  readonly #playout = new Playout(LEAD_MS)
  #streamId = ''
  #session: SocketSession | undefined
  #answer: Answer | undefined
  #isOver = false

  /** @param parts - what it is made of */
  constructor(parts: CallSocketParts) {
    this.#parts = parts
    this.#marks = new HeardMarks((name) => parts.connection.trySend(parts.provider.mark(this.#streamId, name)))
  }

  /** @param text - a message of the provider's */
  onText(text: string): void {
    if (this.#isOver) return
    const message = this.#read(text)
    if (message === undefined) return this.#close(1007, 'invalid_message')
    if (this.#session === undefined) this.#beforeStart(message)
    else this.#afterStart(this.#session, message)
  }

  /** Providers send texts alone. */
  onBinary(): void {
    this.#close(1003, 'text_expected')
  }

  /** The provider has gone, however. */
  onClose(): void {
    this.#isOver = true
    this.#marks.end()
    this.#session?.end()
    this.#answer?.fail(new TelephoneError('The call ended before its session began'))
  }

  /** @param session - that was admitted */
  onOpen(session: Session): void {
    this.#answer?.begin(session)
  }

  /** @param result - why there is no session */
  onRefused({ meta }: FailedResult): void {
    this.#answer?.fail(new TelephoneError(`The call was answered, but its session was refused: ${meta.error}`))
    this.#close(refusalCode(meta.error), meta.error)
  }

  /** @param payload - 20 ms of µ-law for the caller */
  onPayload(payload: Uint8Array): void {
    if (this.#playout.takes(payload)) {
      const base64 = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('base64')
      this.#parts.connection.sendAudio(this.#parts.provider.media(this.#streamId, base64))
    }
    this.#marks.sent()
  }

  onFlush(): void {
    this.#parts.connection.flush()
  }

  /** What the caller hasn't heard yet is dropped. */
  onClear(): void {
    this.#marks.cleared()
    this.#playout.cleared()
    this.#parts.connection.trySend(this.#parts.provider.clear(this.#streamId))
  }

  /** @param reason - why the session has ended */
  onEnd(reason: string): void {
    this.#close(...closeOf(reason))
  }

  #read(text: string): ProviderMessage | undefined {
    try {
      return this.#parts.provider.readMessage(fieldsOf(JSON.parse(text)))
    } catch {
      return undefined
    }
  }

  #beforeStart(message: ProviderMessage): void {
    switch (message.kind) {
      case 'start':
        return this.#start(message)
      case 'connected':
      case 'other':
        return
      case 'stop':
        return this.#close(1000, 'stop')
      default:
        return this.#close(1008, 'start_expected')
    }
  }

  #start(start: StreamStart): void {
    const { streamId, encoding, sampleRate, channels } = start
    if (streamId.length > MAX_ID) return this.#close(1007, 'invalid_message')
    const admitted = this.#parts.admit(start)
    if (admitted === undefined) return this.#close(1008, 'invalid_call_token')
    this.#answer = admitted.answer
    if (encoding !== 'mulaw' || sampleRate !== SAMPLE_RATE || channels !== 1)
      return this.#close(1003, 'unsupported_media')
    const { connection } = this.#parts
    connection.started()
    this.#streamId = streamId
    this.#session = this.#parts.open(
      {
        id: streamId,
        transport: 'telephone',
        remoteAddress: connection.remoteAddress,
        encoding,
        sampleRate,
        leadMs: LEAD_MS,
        websocket: connection.socket,
        call: admitted.call,
      },
      this,
    )
  }

  #afterStart(session: SocketSession, message: ProviderMessage): void {
    switch (message.kind) {
      case 'media':
        return this.#receive(session, message)
      case 'mark': {
        const played = this.#marks.played(message.name)
        return played === undefined ? undefined : session.acknowledge(played)
      }
      case 'dtmf':
        // Providers don't say for how long.
        return /^[\d*#A-D]$/.test(message.digit) ? session.dtmf(message.digit, 0) : undefined
      case 'start':
        return this.#close(1008, 'already_started')
      case 'stop':
        return this.#close(1000, 'stop')
      default:
        return undefined
    }
  }

  #receive(session: SocketSession, { streamId, chunk, payload }: StreamMedia): void {
    if (streamId !== this.#streamId) return this.#close(1008, 'unknown_stream')
    for (const next of this.#order.take(chunk, payload)) session.receive(Buffer.from(next, 'base64'))
  }

  #close(code: number, reason: string): void {
    if (this.#isOver) return
    this.onClose()
    this.#parts.connection.close(code, reason)
  }
}
