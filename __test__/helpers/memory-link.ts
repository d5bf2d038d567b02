import { SessionClosedError } from '../../src/errors.ts'
import { type EmitVideo, type VideoDtype, type VideoFormat, type VideoFrame } from '../../src/index.ts'
import { valuesOf } from '../../src/frames/video-frame.ts'
import type { Clock } from '../../src/native/clock.ts'
import { readStats } from '../../src/session/session-stats.ts'
import type { LinkEvent, LinkListener, MediaLink, MediaStats } from '../../src/native/media-link.ts'
import type { ReplyMode, SpeechEvent, SpeechSettings } from '../../src/native/speech.ts'

/** Audio that was written to a link. */
export interface Written {
  readonly samples: Int16Array | Float32Array
  readonly sampleRate: number
  readonly channels: number
}

/** A picture of one value that the client sends. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly value: number
  readonly timestamp: number
}

/** A session's media without a network: frames are put in by hand, and time passes by hand. */
export class MemoryLink implements MediaLink {
  readonly key = 0
  readonly clock: Clock | undefined
  readonly written: Written[] = []
  /** Marks behind what was written: the number, and how much audio it is about. */
  readonly marks: [mark: number, overMs: number | undefined][] = []
  /** Of received frames. */
  channels = 1
  /** Audio that the client has heard, in ms. */
  heardMs = 0
  /** Pictures that were written, and what their first value was then. */
  readonly shown: (EmitVideo & { value: number })[] = []
  /** Pictures that the encoder takes before it is behind. */
  videoRoom = Infinity
  /** Pictures that were skipped because they were from before the time asked for, or not the newest. */
  skipped = 0
  /** Whether only the newest picture waits. */
  newestOnly = false
  readonly messages: string[] = []
  readonly candidates: string[] = []
  readonly closes: boolean[] = []
  /** Audio that is queued and not yet played, in ms. */
  depthMs = 0
  isDraining = false
  /** Whether what is written is dropped, after an interruption. */
  isSilenced = false
  /** How it listens for speech; undefined while it doesn't. */
  speechSettings: SpeechSettings | undefined
  /** What was asked about speech, in order: reply modes, `continue`, `peek`, `take`, `reset` and `clear`. */
  readonly asked: (ReplyMode | 'continue' | 'peek' | 'take' | 'reset' | 'clear')[] = []
  /** Whether the session has ended on its media thread, though its event has yet to come. */
  hasEnded = false
  #listener: LinkListener | undefined
  readonly #waiting: Int16Array[] = []
  readonly #pictures: Picture[] = []
  readonly #speech: SpeechEvent[] = []
  readonly #targetMs: number

  constructor(targetMs = 400, clock?: Clock) {
    this.clock = clock
    this.#targetMs = targetMs
  }

  /** Frames that nobody has read. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Receives frames, and says so once. */
  receive(...frames: Int16Array[]): void {
    this.#waiting.push(...frames)
    this.#listener?.onAudio()
  }

  /** Pictures that nobody has read. */
  get seenWaiting(): number {
    return this.#pictures.length
  }

  /** Receives pictures, and says so once. */
  see(...pictures: Picture[]): void {
    this.#pictures.push(...pictures)
    if (this.newestOnly) this.skipped += this.#pictures.splice(0, this.#pictures.length - 1).length
    this.#listener?.onVideo?.()
  }

  /** The encoder has caught up, by so many pictures. */
  makeVideoRoom(pictures = 1): void {
    this.videoRoom += pictures
    this.#listener?.onVideoRoom?.()
  }

  /** Finds out about speech, and says so once. A start that interrupts drops what is written until the queue is cleared. */
  find(...events: SpeechEvent[]): void {
    this.#speech.push(...events)
    if (events.some((event) => event.kind === 'started' && event.interrupted !== undefined)) {
      this.isSilenced = true
      this.depthMs = 0
    }
    this.#listener?.onAudio()
  }

  /** Plays what is queued for that long. */
  play(ms: number): void {
    const before = this.depthMs
    this.depthMs = Math.max(0, before - ms)
    if (before > this.#targetMs && this.depthMs <= this.#targetMs) this.#listener?.onRoom()
    if (this.isDraining && this.depthMs === 0) this.event({ kind: 'drained' })
  }

  /** Says that something happened. */
  event(event: LinkEvent): void {
    this.#listener?.onEvent(event)
  }

  /** What the client was told, parsed. */
  get told(): { type: string; data: unknown; message?: string }[] {
    return this.messages.map((message) => JSON.parse(message) as { type: string; data: unknown })
  }

  listen(listener: LinkListener): void {
    this.#listener = listener
  }

  readAudio(into: Int16Array): number {
    const frame = this.#waiting.shift()
    if (frame === undefined) return 0
    into.set(frame)
    return frame.length / this.channels
  }

  writeAudio(samples: Int16Array | Float32Array, sampleRate: number, channels: number): number {
    if (this.hasEnded) throw new SessionClosedError()
    if (this.isSilenced) return this.depthMs
    this.written.push({ samples, sampleRate, channels })
    this.depthMs += (samples.length / channels / sampleRate) * 1000
    return this.depthMs
  }

  mark(mark: number, overMs: number | undefined): void {
    if (this.hasEnded) throw new SessionClosedError()
    this.marks.push([mark, overMs])
  }

  readVideo(
    format: VideoFormat,
    dtype: VideoDtype,
    fromSeconds: number,
    into?: Uint8Array | Float32Array,
  ): VideoFrame | undefined {
    while ((this.#pictures[0]?.timestamp ?? Infinity) < fromSeconds) {
      this.#pictures.shift()
      this.skipped++
    }
    const picture = this.#pictures.shift()
    if (picture === undefined) return undefined
    const { width, height, value, timestamp } = picture
    const length = valuesOf(format, width, height)
    const fresh = dtype === 'uint8' ? new Uint8Array(length) : new Float32Array(length)
    const data = into?.length === length ? into : fresh
    return { width, height, format, data: data.fill(value), timestamp }
  }

  writeVideo(picture: EmitVideo): boolean {
    if (this.hasEnded) throw new SessionClosedError()
    if (this.videoRoom <= 0) return false
    this.videoRoom--
    this.shown.push({ ...picture, value: picture.data[0] ?? -1 })
    return true
  }

  playedMs(): number {
    return this.heardMs
  }

  queuedMs(): number {
    return this.depthMs
  }

  clearQueue(): void {
    this.asked.push('clear')
    this.isSilenced = false
    this.depthMs = 0
  }

  listenForSpeech(settings: SpeechSettings): void {
    this.speechSettings = settings
  }

  readSpeech(): SpeechEvent | undefined {
    return this.#speech.shift()
  }

  setReply(mode: ReplyMode): void {
    this.asked.push(mode)
  }

  continueTurn(): void {
    this.asked.push('continue')
  }

  peekTurn(): void {
    this.asked.push('peek')
  }

  takeTurn(): void {
    this.asked.push('take')
  }

  resetSpeech(): void {
    this.asked.push('reset')
  }

  sendMessage(text: string): void {
    this.messages.push(text)
  }

  addCandidate(candidate: string): void {
    this.candidates.push(candidate)
  }

  renegotiate(): void {
    this.event({ kind: 'answer', sdp: 'v=0' })
  }

  drain(): void {
    this.isDraining = true
    if (this.depthMs === 0) this.event({ kind: 'drained' })
  }

  stats(): MediaStats {
    return readStats(undefined)
  }

  close(drain: boolean): void {
    this.closes.push(drain)
    this.event({ kind: 'closed', code: 'local' })
  }
}
