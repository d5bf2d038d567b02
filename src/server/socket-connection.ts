import type { Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import { ChannelClosedError, ChannelFullError } from '../errors.ts'
import type { Clock } from '../native/clock.ts'
import { binaryFrame, textFrame } from './frame.ts'
import { SocketBudget } from './socket-budget.ts'

/** Bytes that may wait for a far end that reads slowly before audio for it is dropped: it would be late anyway. */
const MAX_AUDIO_BACKLOG = 131_072
/** Bytes beyond which messages are refused too. */
const MAX_BACKLOG = 1_048_576
/** How long audio is dropped before such a far end is given up, in ms. */
const MAX_BLOCKED_MS = 10_000
/** How long nothing may be heard of a far end before it is asked whether it lives, and before it is given up, in ms. */
const QUIET_MS = 8000
const DEAD_MS = 25_000
/** The state of a socket of `ws` over which messages may go. */
const OPEN = 1

/** What is spoken over a socket. What these throw is logged, and closes the socket with code 1011. */
export interface SocketProtocol {
  /** @param text - a message of the far end */
  onText(text: string): void
  /** @param data - a binary message of the far end; it may be kept */
  onBinary(data: Buffer): void
  /** Nothing comes any more, and nothing can be sent. Called once, however it ended. */
  onClose(): void
}

/** Whom a socket tells. */
export interface ConnectionListener {
  /** The far end has introduced itself. */
  onStarted(connection: SocketConnection): void
  /** It is over. */
  onGone(connection: SocketConnection): void
  /** The protocol threw. */
  onError(error: unknown): void
}

/**
 * An accepted socket: bounds what comes and what waits, and finds out when its far end is no more. Messages are framed here, for
 * each then is one piece and one write, where `ws` writes two; what closes and pings the socket, `ws` sends over the same
 * connection, so all keeps its order.
 */
export class SocketConnection {
  /** The socket of `ws`. */
  readonly socket: WebSocket
  /** The IP address of the far end; undefined if unknown. */
  readonly remoteAddress: string | undefined
  readonly #stream: Writable
  readonly #listener: ConnectionListener
  readonly #clock: Clock
  readonly #budget: SocketBudget
  #protocol: SocketProtocol | undefined
  #isOver = false
  #isCorked = false
  #heardAt: number
  #blockedSince: number | undefined

  /**
   * @param socket - open, and without compression
   * @param stream - the connection that it goes over
   * @param remoteAddress - of the far end
   * @param listener - is told how it goes
   * @param clock - what time is
   */
  constructor(
    socket: WebSocket,
    stream: Writable,
    remoteAddress: string | undefined,
    listener: ConnectionListener,
    clock: Clock,
  ) {
    this.socket = socket
    this.#stream = stream
    this.remoteAddress = remoteAddress
    this.#listener = listener
    this.#clock = clock
    this.#heardAt = clock.now()
    this.#budget = new SocketBudget(this.#heardAt)
  }

  /** @param protocol - what is spoken over it, from now on */
  serve(protocol: SocketProtocol): void {
    this.#protocol = protocol
    const { socket } = this
    socket.on('message', (data: Buffer, isBinary) => this.#onMessage(data, isBinary))
    socket.on('ping', (data) => this.#hear(data.length))
    socket.on('pong', (data) => this.#hear(data.length))
    // What the far end did wrong, `ws` has told it in a close frame; `close` follows.
    socket.on('error', () => this.#end())
    socket.on('close', () => this.#end())
  }

  /** The far end has introduced itself: it is waited for no more. */
  started(): void {
    this.#listener.onStarted(this)
  }

  /**
   * Sends a message.
   *
   * @param text - which
   * @throws ChannelClosedError, or ChannelFullError when more than 1 MiB waits
   */
  send(text: string): void {
    if (this.#isOver) throw new ChannelClosedError('The socket is closed')
    if (this.socket.bufferedAmount > MAX_BACKLOG) throw new ChannelFullError()
    this.#write(textFrame(text))
  }

  /** @param text - a message that is sent if that is possible */
  trySend(text: string): void {
    if (!this.#isOver && this.socket.bufferedAmount <= MAX_BACKLOG) this.#write(textFrame(text))
  }

  /**
   * Sends audio, unless the far end reads too slowly for it. One that does so for 10 s is given up with code 1008. It leaves with
   * whatever follows it, in one write, at the next {@link flush}.
   *
   * @param data - a message
   * @returns whether it was sent
   */
  sendAudio(data: string | Uint8Array): boolean {
    if (this.#isOver) return false
    if (this.socket.bufferedAmount <= MAX_AUDIO_BACKLOG) {
      this.#blockedSince = undefined
      this.#cork()
      this.#write(typeof data === 'string' ? textFrame(data) : binaryFrame(data))
      return true
    }
    this.#blockedSince ??= this.#clock.now()
    if (this.#clock.now() - this.#blockedSince > MAX_BLOCKED_MS) this.close(1008, 'too_slow')
    return false
  }

  /** What waits for more to go with it goes. */
  flush(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    this.#stream.uncork()
  }

  /**
   * Ends it; what was sent before goes out first. The far end has 2 s to agree.
   *
   * @param code - of the close frame (RFC 6455, section 7.4)
   * @param reason - a word
   */
  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.flush()
    this.socket.close(code, reason)
    this.#end()
  }

  /** Called every few seconds: asks a quiet far end whether it lives, and gives up one that doesn't answer. */
  checkLife(): void {
    const quietMs = this.#clock.now() - this.#heardAt
    if (quietMs > DEAD_MS) this.socket.terminate()
    else if (quietMs > QUIET_MS && this.socket.bufferedAmount <= MAX_AUDIO_BACKLOG) this.socket.ping()
  }

  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    this.#stream.cork()
  }

  /** A far end that is about to go, and has said so, is sent nothing any more. */
  #write(frame: Buffer): void {
    if (this.socket.readyState === OPEN) this.#stream.write(frame)
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#isOver || !this.#hear(data.length)) return
    try {
      if (isBinary) this.#protocol?.onBinary(data)
      else this.#protocol?.onText(data.toString())
    } catch (error) {
      this.#listener.onError(error)
      this.close(1011, 'internal_error')
    }
  }

  #hear(bytes: number): boolean {
    this.#heardAt = this.#clock.now()
    if (this.#budget.take(bytes, this.#heardAt)) return true
    this.close(1008, 'too_many_messages')
    return false
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#listener.onGone(this)
    try {
      this.#protocol?.onClose()
    } catch (error) {
      this.#listener.onError(error)
    }
  }
}
