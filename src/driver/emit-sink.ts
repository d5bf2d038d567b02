import { InvalidEmitError } from '../errors.ts'
import { AdditionalOutputs } from '../frames/additional-outputs.ts'
import { channelsOf, type EmitAudio, type Layout } from '../frames/audio-frame.ts'
import { isEmitRate } from '../frames/check-audio.ts'
import { CloseStream } from '../frames/close-stream.ts'
import { describe } from '../frames/describe.ts'
import { isDetached } from '../frames/is-detached.ts'
import { PlayedMark } from '../frames/played-mark.ts'
import { realClock } from '../native/clock.ts'
import type { MediaLink } from '../native/media-link.ts'
import { Complaints } from './complaints.ts'
import type { DriverClient } from './driver-client.ts'

/** What became of an emitted value: audio was queued; something else was done; there was nothing; the stream ends. */
export type Delivery = 'audio' | 'other' | 'nothing' | 'closed'

/** Of one chunk, which is copied: more than ten minutes of 48 kHz stereo in 32-bit floats. */
const MAX_MIB = 256
const METHOD = 'emit()'

/** Takes what a handler emits to where it belongs. */
export class EmitSink {
  readonly #link: MediaLink
  readonly #client: DriverClient
  readonly #layout: Layout
  /** How much audio may be queued before the next is asked for, in ms. */
  readonly targetMs: number
  readonly #muted: boolean
  readonly #who: string
  readonly #complaints: Complaints
  #depthMs = 0
  #writtenMs = 0
  #warned = false

  /**
   * @param link - takes the audio
   * @param client - takes the rest
   * @param layout - of audio that says none
   * @param targetMs - how much audio may be queued before the next is asked for
   * @param muted - whether audio is dropped, for a client that only sends
   * @param who - what emits, for errors; `emit()` by default
   */
  constructor(
    link: MediaLink,
    client: DriverClient,
    layout: Layout,
    targetMs: number,
    muted: boolean,
    who: string = METHOD,
  ) {
    this.#link = link
    this.#client = client
    this.#layout = layout
    this.targetMs = targetMs
    this.#muted = muted
    this.#who = who
    this.#complaints = new Complaints(client, link.clock ?? realClock)
  }

  /** How much audio was queued since the session began, in ms, whatever became of it. */
  get writtenMs(): number {
    return this.#writtenMs
  }

  /** Whether more than the target is queued; `onRoom` comes when that changes. */
  isFull(): boolean {
    if (this.#depthMs <= this.targetMs) return false
    this.#depthMs = this.#link.queuedMs()
    return this.#depthMs > this.targetMs
  }

  /**
   * Delivers a value. One that is no `EmitType` is reported, and counts as nothing.
   *
   * @param value - what `emit` returned
   * @returns what became of it
   */
  deliver(value: unknown): Delivery {
    try {
      return this.#deliver(value)
    } catch (error) {
      return this.#complaints.take(error, this.#who)
    }
  }

  #deliver(value: unknown): Delivery {
    if (value === null || value === undefined) return 'nothing'
    if (!Array.isArray(value)) return this.#deliverOther(value)
    if (typeof value[0] === 'number') return this.#deliverAudio(value)
    const [audio, then] = value as unknown[]
    if (value.length !== 2 || !Array.isArray(audio) || !isOther(then)) throw nonsense(value, this.#who)
    const played = this.#deliverAudio(audio)
    const other = this.#deliverOther(then, lengthMs(audio as unknown as EmitAudio, this.#layout))
    // The queue paces what comes with audio, so it counts as audio.
    return played === 'audio' && other !== 'closed' ? played : other
  }

  #deliverOther(value: unknown, overMs?: number): Delivery {
    if (value instanceof AdditionalOutputs) {
      this.#client.onOutputs(value)
      return 'other'
    }
    if (value instanceof PlayedMark) {
      this.#client.onMark(value, overMs)
      return 'other'
    }
    if (!(value instanceof CloseStream)) throw nonsense(value, this.#who)
    this.#client.onCloseStream(value.msg)
    return 'closed'
  }

  #deliverAudio(value: unknown): Delivery {
    checkAudio(value, this.#layout, this.#who)
    const [sampleRate, samples, layout = this.#layout] = value
    if (this.#muted) return this.#dropAudio()
    if (samples.length === 0) return 'other'
    const channels = channelsOf(layout)
    this.#depthMs = this.#link.writeAudio(samples, sampleRate, channels)
    this.#writtenMs += (samples.length / channels / sampleRate) * 1000
    return 'audio'
  }

  #dropAudio(): Delivery {
    if (!this.#warned) {
      this.#warned = true
      this.#client.onWarning("The handler emits audio, but nobody hears it: the stream's mode is 'send'")
    }
    return 'nothing'
  }
}

function isOther(value: unknown): boolean {
  return value instanceof AdditionalOutputs || value instanceof PlayedMark || value instanceof CloseStream
}

function lengthMs([sampleRate, samples, layout]: EmitAudio, defaultLayout: Layout): number {
  return (samples.length / channelsOf(layout ?? defaultLayout) / sampleRate) * 1000
}

function checkAudio(value: unknown, defaultLayout: Layout, who: string): asserts value is EmitAudio {
  const [sampleRate, samples, layout = defaultLayout, ...more] = value as unknown[]
  if (more.length > 0) throw nonsense(value, who)
  if (!Number.isInteger(sampleRate) || !isEmitRate(Number(sampleRate))) {
    throw new InvalidEmitError(
      `${who} gave audio at ${describe(sampleRate)} Hz; it must be an integer from 8,000 to 192,000`,
    )
  }
  if (!(samples instanceof Int16Array) && !(samples instanceof Float32Array)) {
    throw new InvalidEmitError(
      `${who} gave samples as ${describe(samples)}; they must be an Int16Array or a Float32Array`,
    )
  }
  if (samples.length === 0 && isDetached(samples)) {
    throw new InvalidEmitError(
      `${who} gave samples whose memory was transferred away, such as to a worker; emit a copy of them`,
    )
  }
  if (samples.byteLength > MAX_MIB * 1024 * 1024) {
    throw new InvalidEmitError(
      `${who} gave ${describe(samples)} at once; ${MAX_MIB} MiB is the most: emit it in pieces, which are paced`,
    )
  }
  if (layout !== 'mono' && layout !== 'stereo') {
    throw new InvalidEmitError(`${who} gave audio with layout ${describe(layout)}; it must be 'mono' or 'stereo'`)
  }
  if (layout === 'stereo' && samples.length % 2 === 1) {
    throw new InvalidEmitError(
      `${who} gave ${samples.length} samples as stereo, which is no whole number for each channel`,
    )
  }
}

function nonsense(value: unknown, who: string): InvalidEmitError {
  const remedy = who === METHOD ? 'extend AsyncStreamHandler, whose emit is awaited' : 'write async function*'
  const hint = isThenable(value) ? ` (a promise: ${remedy})` : ''
  return new InvalidEmitError(
    `${who} gave ${describe(value)}${hint}; it must be [sampleRate, samples], AdditionalOutputs, PlayedMark, ` +
      'CloseStream, [audio, AdditionalOutputs], [audio, PlayedMark], [audio, CloseStream] or null',
  )
}

/**
 * Whether a value is a promise or acts like one.
 *
 * @param value - anything
 * @returns whether it can be awaited
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
