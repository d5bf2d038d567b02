import { unlessAborted } from '../abort.ts'
import { RefusedError } from '../errors.ts'
import type { Signaling } from '../signaling.ts'
import { StatsReader } from '../statistics.ts'
import type { CallStats } from '../statistics.ts'
import type { Transport, TransportHost, TransportParts } from '../transport.ts'
import type { Mode, RtpParams } from '../wire.ts'
import { Recovery } from './recovery.ts'
import { applyRtpParams, besideVideo } from './sender-parameters.ts'
import { askForStereo } from './stereo.ts'
import { TextChannel } from './text-channel.ts'

/** What a {@link WebRtcTransport} is made of. */
export interface WebRtcParts extends TransportParts {
  /** The HTTP side. */
  readonly signaling: Signaling
  /** For the browser's peer connection. */
  readonly rtcConfiguration: RTCConfiguration
  /** For what is sent. */
  readonly rtpParams: RtpParams
  /** Which way media goes. */
  readonly mode: Mode
  /** What kinds of media go. */
  readonly kinds: readonly ('audio' | 'video')[]
}

const DIRECTIONS: Readonly<Record<Mode, RTCRtpTransceiverDirection>> = {
  'send-receive': 'sendrecv',
  send: 'sendonly',
  receive: 'recvonly',
}

/** Carries a call over a peer connection of the browser. */
export class WebRtcTransport implements Transport {
  readonly kind = 'webrtc'
  /** After a farewell or the end of the channel, what the server sent just before is still being played. */
  readonly playOutMs = 400

  readonly #parts: WebRtcParts
  readonly #host: TransportHost
  readonly #pc: RTCPeerConnection
  readonly #channel: TextChannel
  readonly #senders = new Map<'audio' | 'video', RTCRtpSender>()
  readonly #stats = new StatsReader()
  readonly #recovery: Recovery
  readonly #connected: Promise<void>
  #settle!: () => void
  #hasOpened = false
  /** Whether the server may keep a place for the first offer, and no connection was made yet. */
  #hasPlace = false
  #isClosed = false

  /**
   * @param parts - what it is made of
   * @throws what the browser throws for a configuration that it can't use
   */
  constructor(parts: WebRtcParts) {
    this.#parts = parts
    this.#host = parts.host
    this.#connected = new Promise((resolve) => (this.#settle = resolve))
    this.#pc = new RTCPeerConnection(parts.rtcConfiguration)
    this.#channel = new TextChannel(this.#pc.createDataChannel('text'), {
      onMessage: (message) => this.#host.onMessage(message),
      onText: (text) => this.#host.onText(text),
      onClose: () => this.#isClosed || this.#host.onEnd('server'),
    })
    this.#recovery = new Recovery({
      restart: () => this.#restart(),
      onPath: (path) => this.#host.onPath(path),
      onGivenUp: () => this.#host.onEnd('network'),
    })
    this.#addMedia(parts)
    this.#listen()
  }

  /** The session id of its offer (RFC 8866, section 5.2): only who made the offer and who got it know. */
  get offerId(): string | undefined {
    return /^o=\S+ (\d+) /m.exec(this.#pc.localDescription?.sdp ?? '')?.[1]
  }

  async open(signal: AbortSignal): Promise<void> {
    const connected = unlessAborted(this.#connected, signal)
    // Awaited below; until then a failed negotiation is the one to be reported.
    connected.catch(() => undefined)
    // What a browser was asked for before a peer connection is closed it may never answer.
    await unlessAborted(this.#begin(signal), signal)
    await connected
  }

  send(text: string): void {
    this.#channel.send(text)
  }

  async replaceTrack(kind: 'audio' | 'video', track: MediaStreamTrack | null): Promise<void> {
    await this.#senders.get(kind)?.replaceTrack(track)
  }

  async stats(): Promise<CallStats> {
    return this.#stats.read(await this.#pc.getStats())
  }

  /** An element that plays a remote stream needs nothing from here. */
  async resume(): Promise<void> {}

  /** Ends it, and keeps the place that the server has for its offer, if it hasn't opened. */
  stop(): void {
    this.#isClosed = true
    this.#recovery.close()
    this.#pc.close()
  }

  close(): void {
    const { offerId } = this
    if (this.#hasPlace && offerId !== undefined) void this.#parts.signaling.withdraw(offerId)
    this.#hasPlace = false
    this.stop()
  }

  async #begin(signal: AbortSignal): Promise<void> {
    try {
      await this.#negotiate({}, signal)
    } catch (error) {
      if (error instanceof RefusedError) this.#hasPlace = false
      throw error
    }
    await this.#applyRtpParams()
  }

  #addMedia({ stream, mode, kinds }: WebRtcParts): void {
    // In one stream, so that the server knows what belongs together.
    const init = { direction: DIRECTIONS[mode], streams: stream ? [stream] : [] }
    for (const kind of kinds) {
      const track = stream?.getTracks().find((each) => each.kind === kind)
      this.#senders.set(kind, this.#pc.addTransceiver(track ?? kind, init).sender)
    }
  }

  async #applyRtpParams(): Promise<void> {
    const { rtpParams } = this.#parts
    const forSound = this.#senders.has('video') ? besideVideo(rtpParams) : rtpParams
    for (const [kind, sender] of this.#senders) {
      // oxlint-disable-next-line no-await-in-loop -- two at most, and neither waits for a network
      await applyRtpParams(sender, kind === 'video' ? rtpParams : forSound, kind === 'video')
    }
  }

  #listen(): void {
    const pc = this.#pc
    pc.addEventListener('track', ({ track }) => this.#host.onTrack(track))
    pc.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.candidate) void this.#parts.signaling.candidate(candidate)
    })
    pc.addEventListener('connectionstatechange', () => this.#onPeerState(pc.connectionState))
  }

  async #negotiate(options: RTCOfferOptions, signal?: AbortSignal): Promise<void> {
    const { type, sdp = '' } = await this.#pc.createOffer(options)
    const offer = { type, sdp: askForStereo(sdp) }
    await this.#pc.setLocalDescription(offer)
    signal?.throwIfAborted()
    this.#hasPlace = !this.#hasOpened
    await this.#pc.setRemoteDescription(await this.#parts.signaling.offer(offer, signal))
  }

  async #restart(): Promise<void> {
    try {
      await this.#negotiate({ iceRestart: true })
    } catch (error) {
      // The next attempt starts from a clean state; one that was refused for good needs none.
      if (error instanceof RefusedError) this.#host.onEnd('server')
      else if (this.#pc.signalingState === 'have-local-offer') await this.#pc.setLocalDescription({ type: 'rollback' })
      throw error
    }
  }

  #onPeerState(state: RTCPeerConnectionState): void {
    // Before the first connection there is nothing to recover, and `open` has its own clock.
    if (this.#hasOpened) this.#recovery.observe(state)
    else if (state === 'connected') {
      this.#hasOpened = true
      this.#hasPlace = false
      this.#settle()
    }
  }
}
