import { HandlerSocket } from '../handlers/handler-socket.ts'
import type { MediaSocket } from '../native/media-socket.ts'

/** What is spoken over a socket. What these throw is logged, and closes the socket with code 1011. */
export interface SocketProtocol {
  /** @param text - a message of the far end, other than audio that the media threads have taken */
  onText(text: string): void
  /** @param data - a binary message of the far end, of which the same is true; it may be kept */
  onBinary(data: Uint8Array): void
  /** Nothing comes any more, and nothing can be sent. Called once, however it ended. */
  onClose(): void
}

/** Whom a socket tells. */
export interface ConnectionListener {
  /** The far end has introduced itself. */
  onStarted(): void
  /** Nothing comes any more, and nothing can be sent. */
  onEnd(): void
  /** The connection is over, and all that was sent has left, or never will. */
  onGone(): void
  /** The protocol threw. */
  onError(error: unknown): void
}

/** An accepted socket, whose bytes a media thread reads and writes: what isn't audio comes here. */
export class SocketConnection {
  /** The socket, for a session's audio. */
  readonly media: MediaSocket
  /** The IP address of the far end; undefined if unknown. */
  readonly remoteAddress: string | undefined
  /** What a handler sees of it. */
  readonly websocket: HandlerSocket
  readonly #listener: ConnectionListener
  #protocol: SocketProtocol | undefined
  #hasStarted = false
  #isOver = false

  /**
   * @param media - the socket
   * @param remoteAddress - of the far end
   * @param listener - is told how it goes
   */
  constructor(media: MediaSocket, remoteAddress: string | undefined, listener: ConnectionListener) {
    this.media = media
    this.remoteAddress = remoteAddress
    this.#listener = listener
    this.websocket = new HandlerSocket(
      media,
      (code, reason) => this.close(code, reason),
      (error) => this.#fail(error),
    )
  }

  /** @param open - makes what is spoken over it, from now on; when that throws, the socket is closed with code 1011 */
  serve(open: () => SocketProtocol): void {
    this.media.listen({
      onText: (text) => this.#take(text, (protocol) => protocol.onText(text)),
      onBinary: (data) => this.#take(data, (protocol) => protocol.onBinary(data)),
      onClosed: (code, reason) => this.#end(code, reason),
      onGone: () => this.#onGone(),
    })
    this.#attempt(() => (this.#protocol = open()))
  }

  /** The far end has introduced itself: it is waited for no more. */
  started(): void {
    this.#hasStarted = true
    this.#listener.onStarted()
  }

  /**
   * Sends a message.
   *
   * @param text - which
   * @throws ChannelClosedError once it is closed, or was asked to be, or ChannelFullError when more than 1 MiB waits
   */
  send(text: string): void {
    this.media.send(text)
  }

  /** @param text - a message that is sent if that is possible */
  trySend(text: string): void {
    if (!this.#isOver) this.media.trySend(text)
  }

  /**
   * Ends it; what was sent before goes out first. The far end has 2 s to agree.
   *
   * @param code - of the close frame (RFC 6455, section 7.4)
   * @param reason - a word
   */
  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.media.close(code, reason)
    this.#end(code, reason)
  }

  #take(message: string | Uint8Array, handle: (protocol: SocketProtocol) => void): void {
    if (this.#isOver) return
    // There is no handler before.
    if (this.#hasStarted) this.websocket.tell(message)
    this.#attempt(() => {
      if (this.#protocol !== undefined && !this.#isOver) handle(this.#protocol)
    })
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#listener.onEnd()
    this.#attempt(() => this.#protocol?.onClose())
    this.websocket.tellClosed(code, reason)
  }

  #onGone(): void {
    this.#end(ABNORMAL, '')
    this.#listener.onGone()
  }

  #attempt(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#listener.onError(error)
    this.close(1011, 'internal_error')
  }
}

/** The code of a socket that was lost without a word (RFC 6455, section 7.4.1). */
const ABNORMAL = 1006
