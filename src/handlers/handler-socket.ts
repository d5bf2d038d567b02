import { captureRejectionSymbol, EventEmitter } from 'node:events'
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

/** Messages that wait for the first listener, and how long they may be together: bytes, or UTF-16 units of text. */
const MAX_EARLY = 64
const MAX_EARLY_LENGTH = 65_536

/** As in browsers. */
const OPEN = 1
const CLOSED = 3
/** Bytes of the longest message, and of the longest reason (RFC 6455, section 5.5). */
const MAX_MESSAGE = 65_536
const MAX_REASON = 123

/**
 * The WebSocket of a page or a phone provider, as `getCurrentContext().websocket`. Its audio goes past the event loop, straight
 * between the network and the media threads, and isn't seen here; everything else is, and can be sent. Messages that come before
 * anybody listens for them are kept for the first listener, up to 64, and 64 KiB.
 */
export class HandlerSocket extends EventEmitter<HandlerSocketEvents> {
  readonly #socket: Socket
  readonly #close: (code: number, reason: string) => void
  readonly #fail: (error: unknown) => void
  #readyState: 1 | 3 = OPEN
  #early: (string | Uint8Array)[] = []

  /**
   * @internal
   * @param socket - sends
   * @param close - ends it
   * @param fail - is told what a listener threw, or was rejected with
   */
  constructor(socket: Socket, close: (code: number, reason: string) => void, fail: (error: unknown) => void) {
    super({ captureRejections: true })
    Object.defineProperty(this, captureRejectionSymbol, { value: fail })
    this.#socket = socket
    this.#close = close
    this.#fail = fail
    // It is only about to be added. Node's types know this event by their own name for all events.
    const onNew = (name: string): void => {
      if (name === 'message' && this.#early.length > 0) queueMicrotask(() => this.#tellEarly())
    }
    ;(this as EventEmitter).on('newListener', onNew)
  }

  /**
   * A message came.
   *
   * @internal
   * @param message - which
   */
  tell(message: string | Uint8Array): void {
    if (this.#early.length === 0 && this.listenerCount('message') > 0) return this.#emit('message', message)
    const length = this.#early.reduce((sum, each) => sum + each.length, message.length)
    if (this.#early.length < MAX_EARLY && length <= MAX_EARLY_LENGTH) this.#early.push(message)
  }

  /**
   * The socket was closed.
   *
   * @internal
   * @param code - of the close frame
   * @param reason - a word
   */
  tellClosed(code: number, reason: string): void {
    this.#tellEarly()
    this.#readyState = CLOSED
    this.#emit('close', code, reason)
  }

  #tellEarly(): void {
    if (this.listenerCount('message') === 0) return
    for (const message of this.#early.splice(0)) this.#emit('message', message)
  }

  #emit<Name extends keyof HandlerSocketEvents>(name: Name, ...args: HandlerSocketEvents[Name]): void {
    // Node's types don't follow a generic name to its arguments; the signature above does.
    const emitter = this as unknown as EventEmitter
    try {
      emitter.emit(name, ...args)
    } catch (error) {
      this.#fail(error)
    }
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
   * Sends a message. What is sent while the far end closes the socket may be lost, as with every WebSocket.
   *
   * @param data - text, or bytes for a binary message; up to 64 KiB
   * @throws TypeError for anything else, MessageTooLargeError for more, ChannelClosedError once `close` was called, here or by the
   * session's end, or the far end has closed it, ChannelFullError when more than 1 MiB waits
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
   * Closes it, behind all that was sent, which ends its session. Nothing can be sent from then on. Again: ignored.
   *
   * @param code - 1000 (default), or 3000 to 4999 for codes of your own
   * @param reason - up to 123 bytes, for the far end; default none
   * @throws RangeError for another code, or a longer reason; TypeError for one that is no text
   */
  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
      throw new RangeError(`The code must be 1000, or an integer from 3000 to 4999, not ${describe(code)}`)
    }
    if (typeof reason !== 'string') throw new TypeError(`The reason must be a string, not ${describe(reason)}`)
    if (Buffer.byteLength(reason) > MAX_REASON) {
      throw new RangeError(`The reason must have at most ${MAX_REASON} bytes, not ${Buffer.byteLength(reason)}`)
    }
    this.#close(code, reason)
  }
}
