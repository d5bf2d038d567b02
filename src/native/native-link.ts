import type { NativeEvent, NativeSession, NativeSpeechEvent } from '#binding'
import type { EmitVideo } from '../frames/emit-type.ts'
import { valuesOf, type VideoFormat, type VideoFrame } from '../frames/video-frame.ts'
import type { VideoDtype } from '../handlers/video-options.ts'
import type { Clock } from './clock.ts'
import { isolate } from './isolate.ts'
import { mapError } from './map-error.ts'
import type { CloseCode, LinkEvent, LinkListener, MediaLink, MediaStats } from './media-link.ts'
import { pictureMemory } from './picture-memory.ts'
import type { ReplyMode, SpeechEvent, SpeechSettings, TurnEnd } from './speech.ts'

/** Bits that say why a session is ready. */
const AUDIO = 1
const ROOM = 2
const EVENT = 4
const VIDEO = 8
const VIDEO_ROOM = 16

/** A session of the addon. */
export class NativeLink implements MediaLink {
  readonly clock: Clock | undefined
  /** The addon's handle. */
  protected readonly native: NativeSession
  #listener: LinkListener | null = null
  /** All frames were read that the last wake-up told of. */
  #isEmpty = false
  /** Width, height and time of the picture that is read: an object for each would be made property by property. */
  readonly #picture = new Float64Array(3)

  /**
   * @param native - the addon's handle
   * @param clock - what time is for it, when it isn't real
   */
  constructor(native: NativeSession, clock?: Clock) {
    this.native = native
    this.clock = clock
  }

  /** What the addon's ready list calls this session. */
  get key(): number {
    return this.native.key
  }

  listen(listener: LinkListener): void {
    this.#listener = listener
  }

  /**
   * Tells the listener what is there.
   *
   * @param bits - why the session is ready
   * @returns whether the session has ended, so that nothing more will come
   */
  dispatch(bits: number): boolean {
    let ended = false
    if ((bits & AUDIO) !== 0) this.#isEmpty = false
    // Events before audio: audio that came with the connection finds the handler started.
    if ((bits & EVENT) !== 0) ended = this.#dispatchEvents()
    if ((bits & AUDIO) !== 0) isolate(() => this.#listener?.onAudio())
    if ((bits & ROOM) !== 0) isolate(() => this.#listener?.onRoom())
    if ((bits & VIDEO) !== 0) isolate(() => this.#listener?.onVideo?.())
    if ((bits & VIDEO_ROOM) !== 0) isolate(() => this.#listener?.onVideoRoom?.())
    return ended
  }

  readAudio(into: Int16Array): number {
    if (this.#isEmpty) return 0
    try {
      const read = this.native.readAudio(into)
      this.#isEmpty = read <= 0
      return Math.abs(read)
    } catch (error) {
      throw mapError(error)
    }
  }

  listenForSpeech(settings: SpeechSettings): void {
    try {
      this.native.listenForSpeech(settings)
    } catch (error) {
      throw mapError(error)
    }
  }

  readSpeech(): SpeechEvent | undefined {
    const native = this.native.readSpeech()
    return native === null ? undefined : toSpeechEvent(native)
  }

  setReply(mode: ReplyMode): void {
    this.native.setReply(mode)
  }

  continueTurn(): void {
    this.native.continueTurn()
  }

  peekTurn(): void {
    this.native.peekTurn()
  }

  takeTurn(): void {
    this.native.takeTurn()
  }

  resetSpeech(): void {
    this.native.resetSpeech()
  }

  writeAudio(samples: Int16Array | Float32Array, sampleRate: number, channels: number): number {
    try {
      if (samples instanceof Int16Array) return this.native.writeAudio(samples, sampleRate, channels)
      return this.native.writeAudioFloat(samples, sampleRate, channels)
    } catch (error) {
      throw mapError(error)
    }
  }

  mark(mark: number, overMs: number | undefined): void {
    try {
      this.native.mark(mark, overMs)
    } catch (error) {
      throw mapError(error)
    }
  }

  readVideo(
    format: VideoFormat,
    dtype: VideoDtype,
    fromSeconds: number,
    into?: Uint8Array | Float32Array,
  ): VideoFrame | undefined {
    if (!this.native.nextPicture(this.#picture, fromSeconds)) return undefined
    const { 0: width = 0, 1: height = 0, 2: timestamp = 0 } = this.#picture
    const length = valuesOf(format, width, height)
    if (dtype === 'uint8') {
      const data = into instanceof Uint8Array && into.length === length ? into : new Uint8Array(pictureMemory(length))
      this.native.readPicture(data, format)
      return { width, height, format, data, timestamp }
    }
    const data =
      into instanceof Float32Array && into.length === length ? into : new Float32Array(pictureMemory(length * 4))
    this.native.readPictureFloat(data, format)
    return { width, height, format, data, timestamp }
  }

  writeVideo({ data, format, width, height, timestamp }: EmitVideo): boolean {
    const layout = { format, width, height, ...(timestamp === undefined ? {} : { timestamp }) }
    try {
      if (data instanceof Uint8Array) return this.native.writePicture(data, layout)
      if (data instanceof Uint16Array) return this.native.writePictureU16(data, layout)
      return this.native.writePictureFloat(data, layout)
    } catch (error) {
      throw mapError(error)
    }
  }

  playedMs(): number {
    return this.native.playedMs()
  }

  queuedMs(): number {
    return this.native.queuedMs()
  }

  clearQueue(): void {
    this.native.clearQueue()
  }

  sendMessage(text: string): void {
    try {
      this.native.sendMessage(text)
    } catch (error) {
      throw mapError(error)
    }
  }

  addCandidate(candidate: string, sdpMid: string | undefined, sdpMLineIndex: number | undefined): void {
    this.native.addCandidate(candidate, sdpMid, sdpMLineIndex)
  }

  renegotiate(offerSdp: string): void {
    this.native.renegotiate(offerSdp)
  }

  drain(): void {
    this.native.drain()
  }

  stats(): MediaStats {
    return this.native.stats()
  }

  close(drain: boolean): void {
    this.native.close(drain)
  }

  #dispatchEvents(): boolean {
    let ended = false
    for (const native of this.native.takeEvents()) {
      const event = toLinkEvent(native)
      if (event === undefined) continue
      if (event.kind === 'closed' || event.kind === 'rejected') ended = true
      isolate(() => this.#listener?.onEvent(event))
    }
    return ended
  }
}

function toLinkEvent({ kind, code = '', text = '', value = 0, ...more }: NativeEvent): LinkEvent | undefined {
  switch (kind) {
    case 'answer':
      return { kind, sdp: text }
    case 'rejected':
    case 'renegotiation-rejected':
    case 'error':
      return { kind, code, message: text }
    case 'message':
      return { kind, text }
    case 'dtmf':
      return { kind, digit: text, durationMs: value }
    case 'played':
      return { kind, mark: more.mark ?? 0, playedMs: more.playedMs ?? 0, lengthMs: more.lengthMs ?? 0 }
    case 'input-dropped':
      return { kind, waitingMs: value }
    case 'closed':
      return { kind, code: code as CloseCode }
    case 'connected':
    case 'disconnected':
    case 'channel-open':
    case 'channel-closed':
    case 'drained':
      return { kind }
    default:
      return undefined
  }
}

function toSpeechEvent({ kind, at, to = at, foundAt = at, ...more }: NativeSpeechEvent): SpeechEvent {
  switch (kind) {
    case 'started':
      return more.heardMs === undefined
        ? { kind, at, foundAt }
        : { kind, at, foundAt, interrupted: { heardMs: more.heardMs } }
    case 'stopped':
      return { kind, at, foundAt }
    case 'pause':
      return { kind, from: at, to, foundAt, reason: more.reason as TurnEnd, audio: more.audio ?? new Int16Array() }
    case 'peeked':
      return { kind, from: at, to, foundAt, audio: more.audio ?? new Int16Array() }
    default:
      return { kind: 'probability', at, probability: more.probability ?? 0 }
  }
}
