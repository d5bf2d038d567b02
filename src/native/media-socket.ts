import type { NativeSocket, NativeSocketEvent } from '#binding'
import { ChannelClosedError } from '../errors.ts'
import { isolate } from './isolate.ts'
import { mapError } from './map-error.ts'
import type { StreamCarrier } from './stream-carrier.ts'

/** Bits that say why a socket is ready. */
const SOCKET = 64
const BYTES = 128

/** Is told what comes over a socket. */
export interface SocketListener {
  /** @param text - a message that is no audio */
  onText(text: string): void
  /** @param data - a binary message that is no audio; it may be kept */
  onBinary(data: Uint8Array): void
  /**
   * Nothing comes any more, and nothing can be sent. Called once, however it ended.
   *
   * @param code - of a close frame, the far end's or ours (RFC 6455, section 7.4); 1005 when it had none, 1006 when there was none
   * @param reason - a word, or empty
   */
  onClosed(code: number, reason: string): void
  /** The connection is over. Nothing follows. */
  onGone(): void
}

/** A WebSocket that a media thread reads and writes. */
export class MediaSocket {
  /** The addon's handle. */
  readonly native: NativeSocket
  readonly #carrier: StreamCarrier | undefined
  #listener: SocketListener | undefined

  /**
   * @param native - the addon's handle
   * @param carrier - brings and takes its bytes, unless the media thread has a descriptor
   */
  constructor(native: NativeSocket, carrier?: StreamCarrier) {
    this.native = native
    this.#carrier = carrier
  }

  /** Whether its bytes pass through this thread, as those of TLS do. */
  get isCarried(): boolean {
    return this.#carrier !== undefined
  }

  /** Bytes that wait to be sent. */
  get bufferedAmount(): number {
    return this.native.bufferedAmount()
  }

  /** @param listener - is told what comes from now on; one at a time */
  listen(listener: SocketListener): void {
    this.#listener = listener
  }

  /**
   * Messages wait from now on for a session that is about to begin: then those with audio go to it, in order, and the others come.
   * That the socket has closed is told nevertheless, in the place of what is held. Where there will be no session, close it.
   */
  hold(): void {
    this.native.hold()
  }

  /**
   * Sends a text, behind all that was sent.
   *
   * @param text - which
   * @throws ChannelClosedError once it is closed, or was asked to be, or ChannelFullError when more than 1 MiB waits
   */
  send(text: string): void {
    attempt(() => this.native.send(text))
  }

  /**
   * Sends a text if that is possible.
   *
   * @param text - which
   * @returns whether it was
   */
  trySend(text: string): boolean {
    return this.native.trySend(text)
  }

  /**
   * Sends a binary message.
   *
   * @param data - which; it is copied
   * @throws ChannelClosedError once it is closed, or was asked to be, or ChannelFullError when more than 1 MiB waits
   */
  sendBinary(data: Uint8Array): void {
    attempt(() => this.native.sendBinary(data))
  }

  /**
   * Ends it; what was sent before goes out first. The far end has 2 s to agree.
   *
   * @param code - of the close frame (RFC 6455, section 7.4)
   * @param reason - a word, up to 123 bytes
   */
  close(code: number, reason: string): void {
    this.native.close(code, reason)
  }

  /** Lets go of the connection at once. */
  terminate(): void {
    this.native.terminate()
  }

  /**
   * Does what there is to do.
   *
   * @param bits - why the socket is ready
   * @returns whether the connection is over, so that nothing more will come
   */
  dispatch(bits: number): boolean {
    if ((bits & BYTES) !== 0) isolate(() => this.#carrier?.pump())
    return (bits & SOCKET) !== 0 && this.#tellAll()
  }

  #tellAll(): boolean {
    let isGone = false
    for (let event = this.native.nextEvent(); event !== null; event = this.native.nextEvent()) {
      isGone ||= event.kind === 'gone'
      const next = event
      isolate(() => this.#tell(next))
    }
    if (isGone) this.#carrier?.finish()
    return isGone
  }

  #tell({ kind, text = '', data = EMPTY, code = 0, reason = '' }: NativeSocketEvent): void {
    switch (kind) {
      case 'text':
        return this.#listener?.onText(text)
      case 'binary':
        return this.#listener?.onBinary(data)
      case 'closed':
        return this.#listener?.onClosed(code, reason)
      default:
        return this.#listener?.onGone()
    }
  }
}

const EMPTY = new Uint8Array()

function attempt(call: () => void): void {
  try {
    call()
  } catch (error) {
    const mapped = mapError(error)
    throw mapped instanceof ChannelClosedError ? new ChannelClosedError('The socket is closed') : mapped
  }
}
