import { ConnectionClosedError, ConnectTimeoutError, RefusedError } from './errors.ts'
import { Emitter } from './emitter.ts'
import { LevelMeter } from './levels.ts'
import type { Levels } from './levels.ts'
import { openMicrophone } from './microphone.ts'
import { Recovery } from './recovery.ts'
import { applyRtpParams } from './sender-parameters.ts'
import type { Signaling } from './signaling.ts'
import { StatsReader } from './statistics.ts'
import type { CallStats } from './statistics.ts'
import { askForStereo } from './stereo.ts'
import { TextChannel } from './text-channel.ts'
import { stopTracks, Voice } from './voice.ts'
import type { Mode, RtpParams, ServerMessage } from './wire.ts'

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
  /** The HTTP side. */
  readonly signaling: Signaling
  /** For the browser's peer connection. */
  readonly rtcConfiguration: RTCConfiguration
  /** For what is sent. */
  readonly rtpParams: RtpParams
  /** Which way audio goes. */
  readonly mode: Mode
  /** What is sent; undefined to send nothing. */
  readonly microphone: MediaStream | undefined
  /** How a microphone is opened that is chosen later. */
  readonly constraints: MediaTrackConstraints
  /** Whether the stream was opened for this call, and ends with it. */
  readonly ownsMicrophone: boolean
  /** What plays the server's audio; null plays nothing. */
  readonly player: HTMLAudioElement | null
}

const DIRECTIONS: Readonly<Record<Mode, RTCRtpTransceiverDirection>> = {
  'send-receive': 'sendrecv',
  send: 'sendonly',
  receive: 'recvonly',
}

/** After a farewell or the end of the channel, what the server sent just before is still being played. */
const PLAY_OUT_MS = 400

/** A call with the server. Made by `connect`. */
export class Connection extends Emitter<ConnectionEvents> {
  /** Its `webrtc_id`: what the server's own code knows this call by. */
  readonly id: string
  /** What the server sends; its track comes with the first answer. */
  readonly remoteStream: MediaStream = new MediaStream()
  /** Resolves when it has ended, with how; never rejects. */
  readonly closed: Promise<Closing>

  readonly #parts: ConnectionParts
  readonly #pc: RTCPeerConnection
  readonly #channel: TextChannel
  readonly #voice: Voice
  readonly #meter = new LevelMeter()
  readonly #stats = new StatsReader()
  readonly #recovery: Recovery
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
    this.#pc = new RTCPeerConnection(parts.rtcConfiguration)
    this.#channel = new TextChannel(this.#pc.createDataChannel('text'), {
      onMessage: (message) => this.#onMessage(message),
      onClose: () => this.#endedByServer(),
    })
    this.#recovery = new Recovery({
      restart: () => this.#restart(),
      onPath: (path) => this.#setState(path === 'lost' ? 'reconnecting' : 'connected'),
      onGivenUp: () => this.#finish({ by: 'network' }),
    })
    this.#addMedia()
    this.#listen()
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
    this.#channel.send(text)
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
    await this.#pc
      .getSenders()
      .find((sender) => sender.track?.kind === 'audio')
      ?.replaceTrack(track)
    this.#voice.replace(stream)
    this.#meter.attach('sent', stream)
  }

  /** Plays the server's audio, where the browser waits for a click before it plays anything. Call it from one. */
  async play(): Promise<void> {
    await this.#parts.player?.play()
  }

  /** How well the call goes, now. */
  async stats(): Promise<CallStats> {
    return this.#stats.read(await this.#pc.getStats())
  }

  /** Ends the call, and the microphone if it was opened for it. A second time does nothing. */
  close(): void {
    this.#finish({ by: 'client' })
  }

  /**
   * Negotiates, and waits until audio can flow.
   *
   * @internal
   * @param timeoutSeconds - how long that may take
   * @param signal - ends the wait
   */
  async open(timeoutSeconds: number, signal: AbortSignal | undefined): Promise<void> {
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000)
    const stop = signal ? AbortSignal.any([signal, timeout]) : timeout
    try {
      const connected = this.#whenConnected(stop)
      // Awaited below; until then a failed negotiation is the one to be reported.
      connected.catch(() => undefined)
      await this.#negotiate({}, stop)
      await Promise.all(this.#pc.getSenders().map((sender) => applyRtpParams(sender, this.#parts.rtpParams)))
      await connected
    } catch (error) {
      this.#finish({ by: 'client' })
      throw timeout.aborted && !signal?.aborted ? new ConnectTimeoutError(timeoutSeconds) : error
    }
  }

  #addMedia(): void {
    const { stream, track } = this.#voice
    this.#pc.addTransceiver(track ?? 'audio', {
      direction: DIRECTIONS[this.#parts.mode],
      streams: stream ? [stream] : [],
    })
    if (stream) this.#meter.attach('sent', stream)
  }

  #listen(): void {
    const pc = this.#pc
    pc.addEventListener('track', ({ track }) => this.#hear(track))
    pc.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.candidate) void this.#parts.signaling.candidate(candidate)
    })
    pc.addEventListener('connectionstatechange', () => this.#onPeerState(pc.connectionState))
    addEventListener('pagehide', this.#onPageHide)
    this.#timers.push(
      setInterval(() => this.#tellLevels(), 50),
      setInterval(() => void this.#tellStats(), 1000),
    )
  }

  async #negotiate(options: RTCOfferOptions, signal?: AbortSignal): Promise<void> {
    const { type, sdp = '' } = await this.#pc.createOffer(options)
    const offer = { type, sdp: askForStereo(sdp) }
    await this.#pc.setLocalDescription(offer)
    await this.#pc.setRemoteDescription(await this.#parts.signaling.offer(offer, signal))
  }

  async #restart(): Promise<void> {
    try {
      await this.#negotiate({ iceRestart: true })
    } catch (error) {
      // The next attempt starts from a clean state; one that was refused for good needs none.
      if (error instanceof RefusedError) this.#finish({ by: 'server' })
      else if (this.#pc.signalingState === 'have-local-offer') await this.#pc.setLocalDescription({ type: 'rollback' })
      throw error
    }
  }

  #whenConnected(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      this.on('state', (state) => (state === 'connected' ? resolve() : undefined))
      this.on('closed', () => reject(new ConnectionClosedError()))
    })
  }

  #onPeerState(state: RTCPeerConnectionState): void {
    if (this.#state === 'connecting' && state === 'connected') this.#setState('connected')
    // Before the first connection there is nothing to recover, and `open` has its own clock.
    else if (this.#state !== 'connecting') this.#recovery.observe(state)
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
    setTimeout(() => this.#finish(closing), PLAY_OUT_MS)
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
    this.#recovery.close()
    this.#voice.release()
    this.#meter.close()
    this.#pc.close()
    if (this.#parts.player) this.#parts.player.srcObject = null
    this.#settle(closing)
    this.emit('closed', closing)
  }
}
