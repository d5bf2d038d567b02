import { unlessAborted } from './abort.ts'
import { checkConstraints, checkDevice, checkSwitch, checkText } from './check-options.ts'
import { ConnectionClosedError, ConnectTimeoutError } from './errors.ts'
import { Emitter } from './emitter.ts'
import { LevelMeter } from './levels.ts'
import type { Levels } from './levels.ts'
import { openDevices } from './devices.ts'
import type { Wanted } from './devices.ts'
import { play, showSilently, stopPlaying } from './player.ts'
import type { CallStats } from './statistics.ts'
import type { Transport, TransportHost, TransportKind } from './transport.ts'
import { VideoSender } from './video-sender.ts'
import type { VideoSource } from './video-sender.ts'
import { stopTracks, Voice } from './voice.ts'
import type { CustomMessage, ServerMessage } from './wire.ts'

/** Where a connection stands: `reconnecting` while the path is lost and a new one is looked for. */
export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'closed'

/** How a connection ended. */
export interface Closing {
  /** By this side; by the server; by the server with a farewell; or the path was lost and didn't come back. */
  readonly by: 'client' | 'server' | 'handler' | 'network'
  /** The farewell: what the handler said with `CloseStream`. */
  readonly message?: string
}

/**
 * What a {@link Connection} tells, by name.
 *
 * @typeParam Custom - messages of the handler's own
 */
export interface ConnectionEvents<Custom extends CustomMessage = never> {
  /** The state changed. */
  state: ConnectionState
  /** The server sent a message: a JSON object with a `type`. */
  message: ServerMessage | Custom
  /** The handler sent another text. */
  text: string
  /** How loud both sides are, 20 times a second once it is connected. */
  levels: Levels
  /** How well the call goes, once a second. */
  stats: CallStats
  /** The microphone was taken away, as when it is unplugged: choose another. */
  microphonelost: undefined
  /** The camera was taken away: choose another. */
  cameralost: undefined
  /** The screen is shared no more, for the person ended it in the browser. The camera is sent again, if it was before. */
  screenended: undefined
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
  /** What is sent: a track of each kind, or of fewer. */
  readonly media: MediaStream | undefined
  /** Whether it was opened for this call, and ends with it. */
  readonly ownsMedia: boolean
  /** Where its pictures come from. */
  readonly videoSource: VideoSource
  /** How a microphone and a camera are opened that are chosen later. */
  readonly constraints: Wanted
  /** What plays what the server sends; null plays nothing. */
  readonly player: HTMLMediaElement | null
  /** What shows the pictures that are sent; null for nothing. */
  readonly preview: HTMLVideoElement | null
}

/**
 * A call with the server. Made by `connect`.
 *
 * @typeParam Custom - messages of the handler's own
 */
export class Connection<Custom extends CustomMessage = never> extends Emitter<ConnectionEvents<Custom>> {
  /** Its `webrtc_id`: what the server's own code knows this call by. */
  readonly id: string
  /** What the server sends, sound and pictures; its tracks come with the first answer. */
  readonly remoteStream: MediaStream = new MediaStream()
  /** Resolves when it has ended, with how; never rejects. */
  readonly closed: Promise<Closing>

  readonly #parts: ConnectionParts
  readonly #transport: Transport
  readonly #voice: Voice
  readonly #video: VideoSender
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
    this.#voice = new Voice(soundOf(parts.media), parts.ownsMedia, () => this.emit('microphonelost', undefined))
    this.#video = this.#makeVideo()
    this.#transport = parts.transport({
      onTrack: (track) => this.#receive(track),
      onMessage: (message) => this.#onMessage(message),
      onText: (text) => this.emit('text', text),
      onPath: (path) => this.#setState(path === 'lost' ? 'reconnecting' : 'connected'),
      onBlocked: () => this.emit('playbackblocked', undefined),
      onEnd: (by) => (by === 'server' ? this.#endedByServer() : this.#finish({ by })),
    })
    if (this.#voice.stream) this.#meter.attach('sent', this.#voice.stream)
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

  /** How it reaches the server; while it is connecting, what is being tried. */
  get transport(): TransportKind {
    return this.#transport.kind
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
   * @throws TypeError for what is neither true nor false
   */
  mute(muted = true): void {
    checkSwitch('mute', muted)
    this.#voice.muted = muted
  }

  /** The pictures that are sent, the camera's or the screen's, for a video element; empty when none are. */
  get preview(): MediaStream {
    return this.#video.preview
  }

  /** The track of the pictures that are sent, for its label and settings; undefined when none are. */
  get videoTrack(): MediaStreamTrack | undefined {
    return this.#video.track
  }

  /** Where the pictures come from that are sent; undefined when none are. */
  get videoSource(): VideoSource | undefined {
    return this.#video.source
  }

  /** Whether black pictures are sent in place of the camera's or the screen's. */
  get videoMuted(): boolean {
    return this.#video.muted
  }

  /**
   * Sends black pictures in place of the camera's or the screen's, or theirs again.
   *
   * @param muted - whether black ones are sent; default true
   * @throws TypeError for what is neither true nor false
   */
  muteVideo(muted = true): void {
    checkSwitch('muteVideo', muted)
    this.#video.muted = muted
  }

  /**
   * Sends another camera from now on, or a camera again after the screen, without a new offer. Muting is kept.
   *
   * @param deviceId - one of `listCameras()`; undefined for the browser's own choice
   * @throws CameraError in plain words; what was sent before goes on then. ConnectionClosedError after the end, TypeError for what
   * is no id
   */
  async useCamera(deviceId?: string): Promise<void> {
    checkDevice('useCamera', deviceId)
    await this.#unlessEnded(() => this.#video.useCamera(deviceId))
  }

  /**
   * Sends a screen, a window or a tab, which the person chooses, in place of the camera. Call it from a click. It ends with
   * `useCamera()`, or when the person ends it in the browser (`screenended`). Its sound isn't sent.
   *
   * @param constraints - of the recording, such as `{ frameRate: 5 }`
   * @throws ScreenError in plain words; what was sent before goes on then. ConnectionClosedError after the end
   */
  async shareScreen(constraints?: MediaTrackConstraints): Promise<void> {
    checkConstraints('shareScreen', constraints)
    await this.#unlessEnded(() => this.#video.shareScreen(constraints))
  }

  /**
   * Sends a text over the data channel; before it opens, it is kept and sent then.
   *
   * @param text - at most 64 KiB
   * @throws ConnectionClosedError after the end, TypeError for what is no string
   */
  send(text: string): void {
    checkText('send', text)
    if (this.#state === 'closed') throw new ConnectionClosedError()
    this.#transport.send(text)
  }

  /**
   * Sends another microphone from now on, without a gap in the call. Muting is kept.
   *
   * @param deviceId - one of `listMicrophones()`; undefined for the browser's own choice
   * @throws MicrophoneError in plain words; the one before goes on then. ConnectionClosedError after the end, TypeError for what
   * is no id
   */
  async useMicrophone(deviceId?: string): Promise<void> {
    checkDevice('useMicrophone', deviceId)
    await this.#unlessEnded(() => this.#replaceMicrophone(deviceId))
  }

  async #replaceMicrophone(deviceId?: string): Promise<void> {
    const chosen = deviceId === undefined ? {} : { deviceId: { exact: deviceId } }
    const stream = await openDevices({ audio: { ...this.#parts.constraints.audio, ...chosen } })
    const [track] = stream.getAudioTracks()
    if (this.#state === 'closed' || !track) return stopTracks(stream)
    track.enabled = !this.muted
    await this.#transport.replaceTrack('audio', track)
    if (this.#end.signal.aborted) return stopTracks(stream)
    this.#voice.replace(stream)
    this.#meter.attach('sent', stream)
  }

  /**
   * Plays what the server sends, where the browser waits for a click before it plays anything. Call it from one.
   *
   * @throws ConnectionClosedError after the end, and what the browser says when it wants a click
   */
  async play(): Promise<void> {
    await this.#unlessEnded(() => Promise.all([this.#transport.resume(), this.#parts.player?.play()]))
  }

  /** How well the call goes, now; after its end, how it went. */
  stats(): Promise<CallStats> {
    return this.#transport.stats()
  }

  /** Ends the call, and the microphone and the camera if they were opened for it. A second time does nothing. */
  close(): void {
    this.#finish({ by: 'client' })
  }

  /**
   * Connects, and waits until media can flow.
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
      signal?.throwIfAborted()
      throw timeout.aborted ? new ConnectTimeoutError(timeoutSeconds) : error
    }
  }

  /** What the browser was asked for may come after the end, or never. */
  #unlessEnded<Value>(action: () => Promise<Value>): Promise<Value> {
    const { signal } = this.#end
    return signal.aborted ? Promise.reject(signal.reason as Error) : unlessAborted(action(), signal)
  }

  #setState(state: ConnectionState): void {
    if (this.#state === 'closed' || this.#state === state) return
    this.#state = state
    this.emit('state', state)
  }

  #makeVideo(): VideoSender {
    const { media, videoSource, ownsMedia, constraints, preview } = this.#parts
    const video = new VideoSender({
      track: media?.getVideoTracks()[0],
      source: videoSource,
      owned: ownsMedia,
      constraints: constraints.video ?? {},
      send: (track) => this.#transport.replaceTrack('video', track),
      onLost: () => this.emit('cameralost', undefined),
      onScreenEnded: () => this.emit('screenended', undefined),
    })
    if (preview) showSilently(preview, video.preview)
    return video
  }

  #receive(track: MediaStreamTrack): void {
    const same = this.remoteStream.getTracks().filter(({ kind }) => kind === track.kind)
    for (const before of same) this.remoteStream.removeTrack(before)
    this.remoteStream.addTrack(track)
    if (track.kind === 'audio') this.#meter.attach('heard', this.remoteStream)
    const { player } = this.#parts
    if (player) play(player, this.remoteStream, () => this.emit('playbackblocked', undefined))
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
    // First, so that who hears of the state begins nothing that the end would leave behind.
    this.#end.abort(new ConnectionClosedError())
    this.#setState('closed')
    removeEventListener('pagehide', this.#onPageHide)
    for (const timer of this.#timers) clearInterval(timer)
    this.#voice.release()
    this.#video.release()
    this.#meter.close()
    this.#transport.close()
    stopPlaying(this.#parts.player, this.#parts.preview)
    this.#settle(closing)
    this.emit('closed', closing)
  }
}

/** The part of a stream that is heard. */
function soundOf(stream: MediaStream | undefined): MediaStream | undefined {
  const tracks = stream?.getAudioTracks() ?? []
  return tracks.length > 0 ? new MediaStream(tracks) : undefined
}
