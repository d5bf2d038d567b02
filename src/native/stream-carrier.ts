import type { Duplex } from 'node:stream'
import type { NativeSocket } from '#binding'

/** How long the far end may take to read what is left and to close its side, in ms. */
const CLOSE_MS = 2000

/** Brings a socket's bytes to its media thread and takes them from there: those of TLS, and all on Windows. */
export class StreamCarrier {
  readonly #stream: Duplex
  readonly #native: NativeSocket
  #isWriting = false
  #isGone = false
  #hasEnded = false

  /**
   * @param stream - the connection; what it has read already went to the socket
   * @param native - the socket
   */
  constructor(stream: Duplex, native: NativeSocket) {
    this.#stream = stream
    this.#native = native
    for (const event of ['end', 'error', 'close']) stream.on(event, () => this.#end())
    stream.on('data', (bytes: Uint8Array) => this.#feed(bytes))
    stream.resume()
    if (stream.destroyed || stream.readableEnded) this.#end()
  }

  /** Writes what is to be written, one piece after the other. */
  pump(): void {
    if (this.#isWriting) return
    const bytes = this.#native.takeBytes()
    if (bytes === null) {
      if (this.#isGone) this.#close()
      return
    }
    this.#isWriting = true
    this.#stream.write(bytes, () => {
      this.#isWriting = false
      this.pump()
    })
  }

  /** The socket is over: what is left is written, and then the connection closed. */
  finish(): void {
    this.#isGone = true
    const timer = setTimeout(() => this.#stream.destroy(), CLOSE_MS)
    this.#stream.once('close', () => clearTimeout(timer))
    this.pump()
  }

  #feed(bytes: Uint8Array): void {
    if (!this.#isGone) this.#native.feed(bytes)
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#native.ended()
  }

  #close(): void {
    const stream = this.#stream
    if (stream.destroyed) return
    stream.end()
    if (this.#hasEnded) stream.destroy()
  }
}
