import { unlessAborted } from '../abort.ts'
import { RefusedError, UnreachableError } from '../errors.ts'
import { parseObject, receiveText } from '../wire.ts'
import type { TextReceiver } from '../wire.ts'

/** What the audio on the socket is like: mono PCM with 16 bits. */
export interface SocketFormat {
  /** Hz, of what is sent to the server. */
  readonly inputSampleRate: number
  /** Hz, of what comes from it. */
  readonly outputSampleRate: number
}

/** What an {@link AudioSocket} tells. */
export interface AudioSocketHost extends TextReceiver {
  /** Audio came. */
  onAudio(bytes: ArrayBuffer): void
  /** What came and isn't heard yet is not to be heard. */
  onClear(): void
  /** The server answered a ping. */
  onPong(): void
  /** The socket was closed, with a word or without, after the call had begun. */
  onEnd(by: 'server' | 'network'): void
}

/** Hz. Speech has next to nothing beyond 12 kHz, and twice the rate would need twice the bandwidth. */
const SAMPLE_RATE = 24_000

/** What may wait to be sent: a second of audio. What comes later than that is of no use any more. */
const MOST_UNSENT_BYTES = 2 * SAMPLE_RATE

const NO_SOCKET = 'The server takes no audio over a WebSocket, or something on the way to it lets none through.'

/** The WebSocket of a call: audio as binary messages, everything else as JSON. */
export class AudioSocket {
  readonly #socket: WebSocket
  readonly #host: AudioSocketHost
  readonly #opened: Promise<void>
  readonly #begun: Promise<SocketFormat>
  #begin!: (format: SocketFormat) => void
  #fail!: (error: Error) => void
  #hasBegun = false

  /**
   * Connects.
   *
   * @param url - of the server's route
   * @param host - is told what comes
   */
  constructor(url: URL, host: AudioSocketHost) {
    this.#host = host
    this.#begun = new Promise((resolve, reject) => {
      this.#begin = resolve
      this.#fail = reject
    })
    this.#begun.catch(() => undefined)
    this.#socket = new WebSocket(url)
    this.#socket.binaryType = 'arraybuffer'
    this.#opened = new Promise((resolve) => this.#socket.addEventListener('open', () => resolve()))
    this.#socket.addEventListener('message', ({ data }) => this.#onData(data as string | ArrayBuffer))
    this.#socket.addEventListener('close', (event) => this.#onClose(event))
  }

  /**
   * Waits until the socket is open; the call has not begun then.
   *
   * @param signal - ends the wait
   * @throws UnreachableError
   */
  async opened(signal: AbortSignal): Promise<void> {
    await unlessAborted(Promise.race([this.#opened, this.#begun]), signal)
  }

  /**
   * Begins the call.
   *
   * @param id - its id
   * @param replaces - the session id of an offer of the same id that never connected and is over; undefined for none
   * @param signal - ends the wait
   * @returns what the audio is like
   * @throws RefusedError or UnreachableError
   */
  start(id: string, replaces: string | undefined, signal: AbortSignal): Promise<SocketFormat> {
    const wanted = { encoding: 'pcm_s16le', sampleRate: SAMPLE_RATE, binary: true }
    this.#say({ event: 'start', websocket_id: id, ...wanted, replaces })
    return unlessAborted(this.#begun, signal)
  }

  /**
   * Sends audio.
   *
   * @param bytes - as the format says
   * @returns false when so much waits to be sent that it was dropped
   */
  sendAudio(bytes: ArrayBuffer): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.bufferedAmount > MOST_UNSENT_BYTES) return false
    this.#socket.send(bytes)
    return true
  }

  /** @param text - for the handler */
  sendText(text: string): void {
    this.#say({ event: 'message', data: text })
  }

  /** @param payloads - how many of the server's audio messages have been played so far, or left out */
  sendPlayed(payloads: number): void {
    this.#say({ event: 'played', payloads })
  }

  /** Asks for an answer. */
  ping(): void {
    this.#say({ event: 'ping' })
  }

  /** Ends the call, if it has begun, and the connection. */
  close(): void {
    if (this.#hasBegun) this.#say({ event: 'stop' })
    this.#hasBegun = false
    this.#socket.close(1000)
  }

  #say(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #onData(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') return this.#host.onAudio(data)
    const value = parseObject(data) ?? {}
    if (value['event'] === 'pong') this.#host.onPong()
    else if (value['event'] === 'clear') this.#host.onClear()
    else if (value['event'] === 'started') this.#onStarted(value)
    else if (value['status'] === 'failed') this.#onRefused(value)
    else receiveText(data, this.#host)
  }

  #onStarted(value: Record<string, unknown>): void {
    this.#hasBegun = true
    this.#begin(value as unknown as SocketFormat)
  }

  #onRefused({ meta }: Record<string, unknown>): void {
    const details = (meta ?? {}) as { error?: unknown; limit?: unknown; message?: unknown }
    this.#fail(new RefusedError(String(details.error), details))
  }

  #onClose({ wasClean, reason }: CloseEvent): void {
    if (this.#hasBegun) this.#host.onEnd(wasClean ? 'server' : 'network')
    else this.#fail(new UnreachableError(wasClean && reason !== '' ? reason : NO_SOCKET))
  }
}
