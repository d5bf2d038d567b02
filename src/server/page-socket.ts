import { InvalidRequestError } from '../errors.ts'
import type { WireProtocol, WireSettings } from '../native/socket-link.ts'
import type { Session } from '../session/session.ts'
import type { SocketPeer } from '../session/socket-peer.ts'
import type { SocketSession } from '../session/socket-session.ts'
import { formatNotice } from '../signaling/messages.ts'
import { type FailedResult, refusal } from '../signaling/offer-result.ts'
import {
  MEDIA_AROUND,
  parseBase64,
  parseSocketMessage,
  parseStart,
  type SocketMessage,
  type SocketStart,
} from '../signaling/socket-messages.ts'
import { openSocket, type StreamBase } from '../stream/stream-base.ts'
import { closeOf, refusalCode } from './close-codes.ts'
import type { SocketConnection, SocketProtocol } from './socket-connection.ts'

/** How far ahead of real time a client gets audio that keeps a buffer of its own, in ms. */
const LEAD_MS = 60
/** The same for one that may play chunk after chunk, each when the one before has ended, so that it needs longer ones. */
const CHUNKS_LEAD_MS = 100
/** Payloads of 20 ms that make such a chunk, while more audio waits. */
const CHUNK = 3
/** Malformed messages beyond which a client is no client. */
const MAX_MALFORMED = 100

/** Speaks with a page over `WS /websocket/offer`. */
export class PageSocket implements SocketProtocol, SocketPeer {
  readonly #stream: StreamBase
  readonly #connection: SocketConnection
  readonly #told = new Set<string>()
  #malformed = 0
  #start: SocketStart | undefined
  #session: SocketSession | undefined

  /**
   * @param stream - serves the page
   * @param connection - the page's
   */
  constructor(stream: StreamBase, connection: SocketConnection) {
    this.#stream = stream
    this.#connection = connection
  }

  onText(text: string): void {
    this.#take(parseSocketMessage(text))
  }

  onBinary(data: Uint8Array): void {
    if (this.#start?.binary !== true) return this.#complain('A binary message needs binary: true in the start message')
    this.#session?.receive(data)
  }

  onClose(): void {
    this.#session?.end()
  }

  onOpen(_session: Session, { encoding, inputSampleRate, outputSampleRate }: WireSettings): void {
    const { id, isNegotiated, binary } = this.#start as SocketStart
    if (!isNegotiated) return
    const terms = { websocket_id: id, encoding, inputSampleRate, outputSampleRate, binary }
    this.#connection.trySend(JSON.stringify({ event: 'started', ...terms }))
  }

  onRefused(result: FailedResult): void {
    const { error } = result.meta
    this.#connection.trySend(JSON.stringify(result))
    this.#connection.close(refusalCode(error), error)
  }

  onMessage(text: string): void {
    this.#connection.send(text)
  }

  onEnd(reason: string): void {
    this.#connection.close(...closeOf(reason))
  }

  #take(message: SocketMessage): void {
    switch (message.event) {
      case 'media':
        return this.#takeMedia(message.payload)
      case 'start':
        return this.#takeStart(message.fields)
      case 'ping':
        return this.#connection.trySend('{"event":"pong"}')
      case 'stop':
        return this.#connection.close(1000, 'stop')
      case 'played':
        return this.#session?.acknowledge(message.payloads)
      case 'message':
        return this.#start?.isNegotiated === true ? this.#session?.message(message.data) : undefined
      case 'malformed':
        return this.#complain(message.problem)
      case 'unknown':
        return
    }
  }

  /** Once the session has begun, the media thread takes the audio; what comes here is what it could make nothing of. */
  #takeMedia(payload: string): void {
    if (this.#session === undefined) return this.#tellOnce('Audio before the start message is dropped')
    const audio = parseBase64(payload)
    if (audio === undefined) return this.#complain('The audio in media.payload must be base64')
    this.#session.receive(audio)
  }

  #takeStart(fields: Record<string, unknown>): void {
    if (this.#start !== undefined) return this.#tellOnce('The session has begun: a second start message is ignored')
    try {
      this.#start = parseStart(fields)
    } catch (error) {
      if (!(error instanceof InvalidRequestError)) throw error
      return this.onRefused(refusal('invalid_request', { message: error.message }))
    }
    this.#connection.started()
    this.#open(this.#start)
  }

  #open(start: SocketStart): void {
    const { id, encoding, sampleRate, replaces, isNegotiated } = start
    const { remoteAddress, media, websocket } = this.#connection
    const leadMs = isNegotiated ? LEAD_MS : CHUNKS_LEAD_MS
    const wanted = { encoding, sampleRate, leadMs, replaces, socket: media, protocol: protocolOf(start) }
    this.#session = openSocket(this.#stream, { id, transport: 'websocket', remoteAddress, websocket, ...wanted }, this)
  }

  #complain(problem: string): void {
    this.#tellOnce(problem)
    this.#malformed++
    if (this.#malformed > MAX_MALFORMED) this.#connection.close(1008, 'malformed')
  }

  /** A page that does one thing wrong does it again and again. */
  #tellOnce(problem: string): void {
    if (this.#told.has(problem)) return
    this.#told.add(problem)
    this.#connection.trySend(formatNotice('error', problem))
  }
}

/** How a page's audio goes, for the media thread. */
function protocolOf({ binary, isNegotiated }: SocketStart): WireProtocol {
  const [mediaHead, mediaTail] = MEDIA_AROUND
  const audio = { binary, mediaHead, mediaTail }
  return {
    reads: { event: 'event', media: 'media', payload: 'payload', played: 'played', playedField: 'payloads' },
    binaryMedia: binary,
    sends: isNegotiated
      ? { ...audio, clear: '{"event":"clear"}', joined: 1 }
      : { ...audio, joined: CHUNK, playoutMs: CHUNKS_LEAD_MS },
  }
}
