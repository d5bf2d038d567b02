import { TelephoneError } from '../errors.ts'
import type { HandlerSocket } from '../handlers/handler-socket.ts'
import type { TelephoneCall } from '../handlers/telephone-call.ts'
import type { MediaSocket } from '../native/media-socket.ts'
import type { Session } from '../session/session.ts'
import { closeOf, refusalCode } from '../server/close-codes.ts'
import type { FailedResult } from '../signaling/offer-result.ts'
import { parseBase64 } from '../signaling/socket-messages.ts'
import type { SocketPeer } from '../session/socket-peer.ts'
import type { SocketSession } from '../session/socket-session.ts'
import type { SocketRequest } from '../stream/socket-desk.ts'
import { callProtocol, LEAD_MS } from './call-protocol.ts'
import { fieldsOf } from './message-fields.ts'
import type { Answer } from './outbound-call.ts'
import type { ProviderMessage, StreamMedia, StreamStart, TelephoneProvider } from './provider.ts'

/** The rate of telephone audio (ITU-T G.711), in Hz. */
const SAMPLE_RATE = 8000
/** Characters of the longest name of a stream: Twilio's have 34, Telnyx's 36. */
const MAX_ID = 128

/** The connection of a media socket. */
export interface CallConnection {
  /** Where it comes from. */
  readonly remoteAddress: string | undefined
  /** What carries its audio, and everything else. */
  readonly media: MediaSocket
  /** The WebSocket, for `getCurrentContext`. */
  readonly websocket: HandlerSocket
  /** The stream has begun. */
  started(): void
  /** Ends it. */
  close(code: number, reason: string): void
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

/** One call's media socket: the provider's messages on one side, a session on the other. The media thread takes the audio. */
export class CallSocket implements SocketPeer {
  readonly #parts: CallSocketParts
  #streamId = ''
  #session: SocketSession | undefined
  #answer: Answer | undefined
  #isOver = false

  /** @param parts - what it is made of */
  constructor(parts: CallSocketParts) {
    this.#parts = parts
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
    if (streamId === '' || streamId.length > MAX_ID) return this.#close(1007, 'invalid_message')
    const admitted = this.#parts.admit(start)
    if (admitted === undefined) return this.#close(1008, 'invalid_call_token')
    this.#answer = admitted.answer
    if (encoding !== 'mulaw' || sampleRate !== SAMPLE_RATE || channels !== 1)
      return this.#close(1003, 'unsupported_media')
    const { connection, provider } = this.#parts
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
        websocket: connection.websocket,
        socket: connection.media,
        protocol: callProtocol(provider, streamId),
        call: admitted.call,
      },
      this,
    )
  }

  /** Media and marks come here of a provider whose fields nobody knows, and where the media thread could make nothing of them. */
  #afterStart(session: SocketSession, message: ProviderMessage): void {
    switch (message.kind) {
      case 'media':
        return this.#receive(session, message)
      case 'mark':
        return session.marked(message.name)
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
    const audio = parseBase64(payload)
    if (audio === undefined) return this.#close(1007, 'invalid_message')
    session.receive(audio, chunk)
  }

  #close(code: number, reason: string): void {
    if (this.#isOver) return
    this.onClose()
    this.#parts.connection.close(code, reason)
  }
}
