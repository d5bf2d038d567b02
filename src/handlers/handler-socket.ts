import { EventEmitter } from 'node:events'
import { MessageTooLargeError } from '../errors.ts'
import { describe } from '../frames/describe.ts'

/** What a {@link HandlerSocket} tells. */
export interface HandlerSocketEvents {
  /** A message came, text or binary, other than audio that the media threads have taken. */
  message: [data: string | Uint8Array]
  /** It was closed, with the code and the reason of RFC 6455, section 7.4; 1006 for a connection that was lost. */
  close: [code: number, reason: string]
}

/** The socket under a {@link HandlerSocket}. */
interface Socket {
  readonly bufferedAmount: number
  send(text: string): void
  sendBinary(data: Uint8Array): void
}

/** As in browsers. */
const OPEN = 1
const CLOSED = 3
/** Bytes of the longest message, and of the longest reason (RFC 6455, section 5.5). */
const MAX_MESSAGE = 65_536
const MAX_REASON = 123

/**
 * The WebSocket of a page or a phone provider, as `getCurrentContext().websocket`. Its audio goes past the event loop, straight
 * between the network and the media threads, and isn't seen here; everything else is, and can be sent.
 */
export class HandlerSocket extends EventEmitter<HandlerSocketEvents> {
  readonly #socket: Socket
  readonly #close: (code: number, reason: string) => void
  #readyState: 1 | 3 = OPEN

  /**
   * @internal
   * @param socket - sends
   * @param close - ends it
   */
  constructor(socket: Socket, close: (code: number, reason: string) => void) {
    super()
    this.#socket = socket
    this.#close = close
    this.once('close', () => (this.#readyState = CLOSED))
  }

  /** 1 while it is open, 3 when it is closed, as in browsers. */
  get readyState(): 1 | 3 {
    return this.#readyState
  }

  /** Bytes that wait to be sent. */
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  /**
   * Sends a message.
   *
   * @param data - text, or bytes for a binary message; up to 64 KiB
   * @throws TypeError for anything else, MessageTooLargeError for more, ChannelClosedError when it is closed, ChannelFullError when
   * more than 1 MiB waits
   */
  send(data: string | Uint8Array): void {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw new TypeError(`A message must be a string or a Uint8Array, not ${describe(data)}`)
    }
    if (Buffer.byteLength(data) > MAX_MESSAGE) throw new MessageTooLargeError()
    if (typeof data === 'string') this.#socket.send(data)
    else this.#socket.sendBinary(data)
  }

  /**
   * Closes it, which ends its session.
   *
   * @param code - 1000 (default), or 3000 to 4999 for codes of your own
   * @param reason - up to 123 bytes, for the far end; default none
   * @throws RangeError for another code, or a longer reason
   */
  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
      throw new RangeError(`The code must be 1000, or an integer from 3000 to 4999, not ${describe(code)}`)
    }
    if (Buffer.byteLength(reason) > MAX_REASON) {
      throw new RangeError(`The reason must have at most ${MAX_REASON} bytes, not ${Buffer.byteLength(reason)}`)
    }
    this.#close(code, reason)
  }
}
