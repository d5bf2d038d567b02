import type { CallStats } from '../statistics.ts'
import type { Transport, TransportHost, TransportParts } from '../transport.ts'
import type { Mode } from '../wire.ts'
import { AudioSocket } from './audio-socket.ts'
import { Capture } from './capture.ts'
import { Heartbeat } from './heartbeat.ts'
import { fromPcm, toPcm } from './pcm.ts'
import { Playback } from './playback.ts'
import { Resampler } from './resampler.ts'
import { SocketStats } from './socket-stats.ts'
import { loadWorklets } from './load-worklets.ts'

/** What a {@link WebSocketTransport} is made of. */
export interface WebSocketParts extends TransportParts {
  /** Where the server's routes are mounted. */
  readonly url: URL
  /** The call's id. */
  readonly id: string
  /** Which way audio goes. */
  readonly mode: Mode
  /** The session id of this client's offer of the same id that never connected, whose place it takes. */
  readonly replaces?: string
}

/** For so long the browser may think about whether it plays anything before the person touches the page. */
const BLOCKED_AFTER_MS = 500

/** Carries a call over a WebSocket, for networks that let nothing else through. */
export class WebSocketTransport implements Transport {
  readonly kind = 'websocket'

  readonly #parts: WebSocketParts
  readonly #host: TransportHost
  readonly #socket: AudioSocket
  readonly #stats = new SocketStats()
  readonly #unsent: string[] = []
  #context: AudioContext | undefined
  #capture: Capture | undefined
  #playback: Playback | undefined
  #heartbeat: Heartbeat | undefined
  #fromServer: Resampler | undefined
  /** Hz, of what comes from the server. */
  #rate = 1
  #isClosed = false

  /** @param parts - what it is made of; it connects at once, and begins the call when it is told to */
  constructor(parts: WebSocketParts) {
    this.#parts = parts
    this.#host = parts.host
    this.#socket = new AudioSocket(routeOf(parts.url), {
      onAudio: (bytes) => this.#onAudio(bytes),
      onClear: () => this.#playback?.clear(),
      onMessage: (message) => this.#host.onMessage(message),
      onText: (text) => this.#host.onText(text),
      onPong: () => this.#heartbeat?.pong(),
      onEnd: (by) => this.#host.onEnd(by),
    })
  }

  get playOutMs(): number {
    return 200 + (this.#playback?.report.bufferedMs ?? 0)
  }

  /**
   * Waits until the socket is open; the call has not begun then.
   *
   * @param signal - ends the wait
   * @throws UnreachableError
   */
  reach(signal: AbortSignal): Promise<void> {
    return this.#socket.opened(signal)
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.reach(signal)
    const context = await this.#prepare()
    signal.throwIfAborted()
    // What the server says from its first word on finds what plays it.
    this.#playback = new Playback(context, (chunks) => this.#socket.sendPlayed(chunks))
    const format = await this.#socket.start(this.#parts.id, this.#parts.replaces, signal)
    this.#rate = format.outputSampleRate
    this.#fromServer = new Resampler(format.outputSampleRate, context.sampleRate)
    this.#begin(context, new Resampler(context.sampleRate, format.inputSampleRate))
  }

  send(text: string): void {
    if (this.#heartbeat) this.#socket.sendText(text)
    else this.#unsent.push(text)
  }

  async replaceTrack(kind: 'audio' | 'video', track: MediaStreamTrack | null): Promise<void> {
    if (kind === 'audio') this.#capture?.record(track === null ? undefined : new MediaStream([track]))
  }

  async stats(): Promise<CallStats> {
    return this.#stats.read(this.#heartbeat?.roundTripMs, this.#playback?.report)
  }

  async resume(): Promise<void> {
    await this.#context?.resume()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#heartbeat?.close()
    this.#socket.close()
    void this.#context?.close()
  }

  async #prepare(): Promise<AudioContext> {
    this.#context = new AudioContext({ latencyHint: 'interactive' })
    await loadWorklets(this.#context.audioWorklet)
    return this.#context
  }

  #begin(context: AudioContext, toServer: Resampler): void {
    const { mode, stream } = this.#parts
    if (stream?.getAudioTracks().length && mode !== 'receive') {
      this.#capture = new Capture(context, (samples) => this.#onCaptured(toServer.process(samples)))
      this.#capture.record(stream)
    }
    const [track] = this.#playback?.stream.getAudioTracks() ?? []
    if (track && mode !== 'send') this.#host.onTrack(track)
    this.#heartbeat = new Heartbeat({
      ping: () => this.#socket.ping(),
      onPath: (path) => this.#host.onPath(path),
      onGivenUp: () => this.#host.onEnd('network'),
    })
    for (const text of this.#unsent.splice(0)) this.#socket.sendText(text)
    // One that waits for a touch rejects at the end of a call that none came to.
    context.resume().catch(() => undefined)
    setTimeout(() => context.state === 'suspended' && this.#host.onBlocked(), BLOCKED_AFTER_MS)
  }

  #onCaptured(samples: Float32Array): void {
    this.#stats.sent(this.#socket.sendAudio(toPcm(samples)))
  }

  #onAudio(bytes: ArrayBuffer): void {
    if (!this.#fromServer) return
    const samples = fromPcm(bytes)
    this.#stats.received((samples.length * 1000) / this.#rate)
    this.#playback?.play(this.#fromServer.process(samples))
  }
}

function routeOf(base: URL): URL {
  const url = new URL('websocket/offer', base)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url
}
