import { once } from 'node:events'
import { WebSocket } from 'ws'
import { toneShare } from '../../src/testing/tone-share.ts'
import { decodeMulaw } from './mulaw.ts'

/** A message of the server, parsed. */
export interface ServerText {
  readonly event?: string
  readonly type?: string
  readonly status?: string
  readonly [name: string]: unknown
}

/** A client of `WS /websocket/offer` that knows no more than JSON and sockets. */
export class SocketClient {
  readonly socket: WebSocket
  /** What came as text, without audio. */
  readonly texts: ServerText[] = []
  /** What came as audio: of a `media` message, or a binary one. */
  readonly chunks: Buffer[] = []
  /** Kinds of messages in their order: events, types, or `binary`. */
  readonly order: string[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #waiting = new Set<() => void>()

  constructor(url: string, headers: Record<string, string> = {}) {
    // A test's own certificate is trusted by nobody.
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), { headers, rejectUnauthorized: false })
    this.socket.on('message', (data: Buffer, isBinary) => this.#take(data, isBinary))
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#wake()
      })
    })
    this.socket.on('error', () => undefined)
  }

  /** Connects to a stream's page address. */
  static async open(url: string, headers?: Record<string, string>): Promise<SocketClient> {
    const client = new SocketClient(new URL('websocket/offer', url).href, headers)
    await once(client.socket, 'open')
    return client
  }

  /** Tries to connect: `'open'`, or what came instead. */
  static async attempt(url: string, headers?: Record<string, string>): Promise<string> {
    try {
      const client = await SocketClient.open(url, headers)
      client.socket.terminate()
      return 'open'
    } catch (error) {
      return (error as Error).message
    }
  }

  /** Connects, and begins a session. */
  static async start(url: string, id: string, terms: object = {}): Promise<SocketClient> {
    const client = await SocketClient.open(url)
    client.send({ event: 'start', websocket_id: id, ...terms })
    return client
  }

  /** Sends a message, as JSON unless it is text already. */
  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Sends audio as base64. */
  media(payload: Uint8Array): void {
    this.send({ event: 'media', media: { payload: Buffer.from(payload).toString('base64') } })
  }

  /** Waits until what has come is enough; the test's time-out is the only limit. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => void this.#waiting.add(resolve))
      if (this.socket.readyState === WebSocket.CLOSED && !isSo()) throw new Error('the socket closed before')
    }
  }

  /** Waits for a message of an event, a type or a status. */
  async next(kind: string): Promise<ServerText> {
    await this.until(() => this.texts.some((text) => kindOf(text) === kind))
    return this.texts.find((text) => kindOf(text) === kind) as ServerText
  }

  /** All audio so far, as mu-law. */
  heard(): Int16Array {
    return decodeMulaw(Buffer.concat(this.chunks))
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.chunks.push(data)
      this.order.push('binary')
    } else this.#takeText(JSON.parse(data.toString()) as ServerText)
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  #takeText(text: ServerText): void {
    this.order.push(kindOf(text))
    if (text.event !== 'media') this.texts.push(text)
    else this.chunks.push(Buffer.from((text['media'] as { payload: string }).payload, 'base64'))
  }
}

function kindOf(text: ServerText): string {
  return text.event ?? text.type ?? text.status ?? '?'
}

/** A tone, in chunks of any length. */
export function sine(hertz: number, sampleRate: number, seconds: number): Int16Array {
  const samples = Math.round(sampleRate * seconds)
  return Int16Array.from({ length: samples }, (_, i) => 8000 * Math.sin((2 * Math.PI * hertz * i) / sampleRate))
}

/** Sends audio in chunks of 20 ms, in real time, until there is no more. */
export async function speak(samples: Int16Array, sampleRate: number, send: (chunk: Int16Array) => void): Promise<void> {
  const length = sampleRate / 50
  const begun = performance.now()
  for (let at = 0; at < samples.length; at += length) {
    send(samples.slice(at, at + length))
    const due = begun + (at / length + 1) * 20
    await new Promise((resolve) => void setTimeout(resolve, Math.max(0, due - performance.now())))
  }
}

/** The share of audible frames that are a tone. */
export function share(samples: Int16Array, sampleRate: number, hertz: number): number {
  return toneShare(samples, sampleRate, 1, hertz)
}
