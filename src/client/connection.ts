import { ConnectionClosedError, ConnectTimeoutError } from './errors.ts'
import { Emitter } from './emitter.ts'
import { LevelMeter } from './levels.ts'
import type { Levels } from './levels.ts'
import { openMicrophone } from './microphone.ts'
import type { CallStats } from './statistics.ts'
import type { Transport, TransportHost } from './transport.ts'
import { stopTracks, Voice } from './voice.ts'
import type { ServerMessage } from './wire.ts'

/** Where a connection stands: `reconnecting` while the path is lost and a new one is looked for. */
export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'closed'

/** How a connection ended. */
export interface Closing {
  /** By this side; by the server; by the server with a farewell; or the path was lost and didn't come back. */
  readonly by: 'client' | 'server' | 'handler' | 'network'
  /** The farewell: what the handler said with `CloseStream`. */
  readonly message?: string
}

/** What a {@link Connection} tells, by name. */
export interface ConnectionEvents {
  /** The state changed. */
  state: ConnectionState
  /** The server sent a message. */
  message: ServerMessage
  /** How loud both sides are, 20 times a second once it is connected. */
  levels: Levels
  /** How well the call goes, once a second. */
  stats: CallStats
  /** The microphone was taken away, as when it is unplugged: choose another. */
  microphonelost: undefined
  /** The browser plays nothing before the person touches the page: call `play()` from a click. */
  playbackblocked: undefined
  /** It ended. */
  closed: Closing
}

/** What {@link Connection} is made of. */
export interface ConnectionParts {
  /** Its `webrtc_id`. */
  readonly id: string
  /** Makes what carries it. */
  readonly transport: (host: TransportHost) => Transport
  /** What is sent; undefined to send nothing. */
  readonly microphone: MediaStream | undefined
  /** How a microphone is opened that is chosen later. */
  readonly constraints: MediaTrackConstraints
  /** Whether the stream was opened for this call, and ends with it. */
  readonly ownsMicrophone: boolean
  /** What plays the server's audio; null plays nothing. */
  readonly player: HTMLAudioElement | null
}

/** A call with the server. Made by `connect`. */
export class Connection extends Emitter<ConnectionEvents> {
  /** Its `webrtc_id`: what the server's own code knows this call by. */
  readonly id: string
  /** What the server sends; its track comes with the first answer. */
  readonly remoteStream: MediaStream = new MediaStream()
  /** Resolves when it has ended, with how; never rejects. */
  readonly closed: Promise<Closing>

  readonly #parts: ConnectionParts
  readonly #transport: Transport
  readonly #voice: Voice
  readonly #meter = new LevelMeter()
  readonly #end = new AbortController()
  readonly #timers: number[] = []
  #state: ConnectionState = 'connecting'
  #farewell: string | undefined
  #settle!: (closing: Closing) => void
  readonly #onPageHide = (): void => this.close()

  /** @internal @param parts - what it is made of */
  constructor(parts: ConnectionParts) {
    super()
    this.id = parts.id
    this.closed = new Promise((resolve) => (this.#settle = resolve))
    this.#parts = parts
    this.#voice = new Voice(parts.microphone, parts.ownsMicrophone, () => this.emit('microphonelost', undefined))
    this.#transport = parts.transport({
      onTrack: (track) => this.#hear(track),
      onMessage: (message) => this.#onMessage(message),
      onPath: (path) => this.#setState(path === 'lost' ? 'reconnecting' : 'connected'),
      onEnd: (by) => (by === 'server' ? this.#endedByServer() : this.#finish({ by })),
    })
    if (parts.microphone) this.#meter.attach('sent', parts.microphone)
    addEventListener('pagehide', this.#onPageHide)
    this.#timers.push(
      setInterval(() => this.#tellLevels(), 50),
      setInterval(() => void this.#tellStats(), 1000),
    )
  }

  /** Where it stands. */
  get state(): ConnectionState {
    return this.#state
  }

  /** How loud both sides are now. */
  get levels(): Levels {
    return this.#meter.read()
  }

  /** The microphone's track, for its label and settings; undefined when nothing is sent. */
  get microphone(): MediaStreamTrack | undefined {
    return this.#voice.track
  }

  /** Whether silence is sent in place of the microphone's sound. */
  get muted(): boolean {
    return this.#voice.muted
  }

  /**
   * Sends silence in place of the microphone's sound, or its sound again.
   *
   * @param muted - whether silence is sent; default true
   */
  mute(muted = true): void {
    this.#voice.muted = muted
  }

  /**
   * Sends a text over the data channel; before it opens, it is kept and sent then.
   *
   * @param text - at most 64 KiB
   * @throws ConnectionClosedError after the end
   */
  send(text: string): void {
    if (this.#state === 'closed') throw new ConnectionClosedError()
    this.#transport.send(text)
  }

  /**
   * Sends another microphone from now on, without a gap in the call. Muting is kept.
   *
   * @param deviceId - one of `listMicrophones()`; undefined for the browser's own choice
   * @throws MicrophoneError in plain words; the one before goes on then
   */
  async useMicrophone(deviceId?: string): Promise<void> {
    const chosen = deviceId === undefined ? {} : { deviceId: { exact: deviceId } }
    const stream = await openMicrophone({ ...this.#parts.constraints, ...chosen })
    const [track] = stream.getAudioTracks()
    if (this.#state === 'closed' || !track) return stopTracks(stream)
    track.enabled = !this.muted
    await this.#transport.replaceTrack(track)
    this.#voice.replace(stream)
    this.#meter.attach('sent', stream)
  }

  /** Plays the server's audio, where the browser waits for a click before it plays anything. Call it from one. */
  async play(): Promise<void> {
    await this.#parts.player?.play()
  }

  /** How well the call goes, now. */
  stats(): Promise<CallStats> {
    return this.#transport.stats()
  }

  /** Ends the call, and the microphone if it was opened for it. A second time does nothing. */
  close(): void {
    this.#finish({ by: 'client' })
  }

  /**
   * Connects, and waits until audio can flow.
   *
   * @internal
   * @param timeoutSeconds - how long that may take
   * @param signal - ends the wait
   */
  async open(timeoutSeconds: number, signal: AbortSignal | undefined): Promise<void> {
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000)
    const stop = AbortSignal.any([timeout, this.#end.signal, ...(signal ? [signal] : [])])
    try {
      await this.#transport.open(stop)
      this.#setState('connected')
    } catch (error) {
      this.#finish({ by: 'client' })
      throw timeout.aborted && !signal?.aborted ? new ConnectTimeoutError(timeoutSeconds) : error
    }
  }

  #setState(state: ConnectionState): void {
    if (this.#state === 'closed' || this.#state === state) return
    this.#state = state
    this.emit('state', state)
  }

  #hear(track: MediaStreamTrack): void {
    this.remoteStream.addTrack(track)
    this.#meter.attach('heard', this.remoteStream)
    const { player } = this.#parts
    if (!player) return
    player.srcObject = this.remoteStream
    player.play().catch((error: unknown) => {
      if ((error as DOMException).name === 'NotAllowedError') this.emit('playbackblocked', undefined)
    })
  }

  #onMessage(message: ServerMessage): void {
    if (message.type === 'end_stream') this.#farewell = typeof message.data === 'string' ? message.data : ''
    this.emit('message', message)
    // The server closes after its farewell, but a network may lose that.
    if (message.type === 'end_stream') setTimeout(() => this.#endedByServer(), 2_000)
    if (message.type === 'update_connection' && message.data === 'closed') this.#endedByServer()
  }

  #endedByServer(): void {
    const closing: Closing =
      this.#farewell === undefined ? { by: 'server' } : { by: 'handler', message: this.#farewell }
    setTimeout(() => this.#finish(closing), this.#transport.playOutMs)
  }

  #tellLevels(): void {
    if (this.#state !== 'connecting' && this.hasListeners('levels')) this.emit('levels', this.levels)
  }

  async #tellStats(): Promise<void> {
    if (this.#state !== 'connecting' && this.hasListeners('stats')) this.emit('stats', await this.stats())
  }

  #finish(closing: Closing): void {
    if (this.#state === 'closed') return
    this.#setState('closed')
    removeEventListener('pagehide', this.#onPageHide)
    for (const timer of this.#timers) clearInterval(timer)
    this.#end.abort(new ConnectionClosedError())
    this.#voice.release()
    this.#meter.close()
    this.#transport.close()
    if (this.#parts.player) this.#parts.player.srcObject = null
    this.#settle(closing)
    this.emit('closed', closing)
  }
}
