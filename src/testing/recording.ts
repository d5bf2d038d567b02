import { audioToBytes, audioToFile } from '../audio-files/audio-file.ts'
import { type EmitAudio, type Layout, channelsOf } from '../frames/audio-frame.ts'
import { checkSound } from './check-sound.ts'
import { checkNumber, checkPart, checkRange } from './checks.ts'
import { delayBetween } from './envelope.ts'
import { audibleWindows, gapsBetween, lengthOf, rootMeanSquare, type Span, soundSpans, WINDOW_MS } from './spans.ts'
import { toneShare } from './tone-share.ts'

/** Rate of what a caller hears, in Hz. */
const SAMPLE_RATE = 48_000
/** A frame is 20 ms. */
const FRAME_MS = 20

/** Decibels below which everything counts as the same silence. */
const SILENCE_DB = -100

/**
 * What a caller heard: frames of 20 ms, real or made up for what got lost, and silence where nothing was sent. Times are
 * in ms since the call was connected.
 */
export class Recording {
  /** Rate of {@link samples}: 48,000 Hz. */
  readonly sampleRate: number = SAMPLE_RATE
  /** How {@link samples} are laid out. */
  readonly layout: Layout
  /** Signed 16-bit PCM; interleaved when the layout is stereo. */
  readonly samples: Int16Array
  /** When each frame of 20 ms came. */
  readonly frameTimes: readonly number[]
  #windows: boolean[] | undefined

  /**
   * @param samples - whole frames of 20 ms at 48 kHz
   * @param frameTimes - when each came
   * @param layout - of the samples
   */
  constructor(samples: Int16Array, frameTimes: readonly number[], layout: Layout = 'mono') {
    this.samples = samples
    this.frameTimes = frameTimes
    this.layout = layout
  }

  /** How long it plays, in seconds. */
  get seconds(): number {
    return (this.frameTimes.length * FRAME_MS) / 1000
  }

  /** Root mean square in dB of full scale; -100 for silence. */
  get loudness(): number {
    const level = rootMeanSquare(this.samples) / 32_768
    return level === 0 ? SILENCE_DB : Math.max(SILENCE_DB, 20 * Math.log10(level))
  }

  /** Seconds that can be heard: all windows of 10 ms above -50 dB of full scale. */
  get soundSeconds(): number {
    return (this.#audible.filter(Boolean).length * WINDOW_MS) / 1000
  }

  /** The longest silence between two sounds in ms; 0 when there is none. */
  get longestHoleMs(): number {
    return Math.max(0, ...this.holes().map(lengthOf))
  }

  /** The longest time without a frame, in ms; 20 when all came when they were due. */
  get longestStallMs(): number {
    return this.frameTimes.slice(1).reduce((most, at, i) => Math.max(most, at - (this.frameTimes[i] as number)), 0)
  }

  /**
   * The part of it that came at or after a moment.
   *
   * @param fromMs - the moment
   * @param toMs - what came from here on is left out too
   * @returns the frames between
   * @throws TypeError or RangeError naming a moment that can't be, or that doesn't lie before the other
   */
  between(fromMs: number, toMs: number = Infinity): Recording {
    checkNumber('fromMs', fromMs)
    checkPart(fromMs, toMs)
    const first = this.frameTimes.findIndex((at) => at >= fromMs)
    const start = first === -1 ? this.frameTimes.length : first
    const times = this.frameTimes.slice(start).filter((at) => at < toMs)
    const length = (SAMPLE_RATE * FRAME_MS * channelsOf(this.layout)) / 1000
    const samples = this.samples.subarray(start * length, (start + times.length) * length)
    return new Recording(samples, times, this.layout)
  }

  /**
   * The stretches that can be heard. One begins when its first frame came; it ends where it does in the audio, even when
   * the silence after it, which nobody sends, is told by a late frame.
   *
   * @param mergeMs - silences up to that long belong to the sound around them; 200 by default
   * @returns in order
   * @throws TypeError or RangeError for what is no length of time
   */
  sounds(mergeMs: number = 200): Span[] {
    checkRange('mergeMs', mergeMs, 0)
    const perFrame = FRAME_MS / WINDOW_MS
    const within = (window: number): number => (window % perFrame) * WINDOW_MS
    const played = playedTimes(this.frameTimes)
    const begin = (window: number): number => (this.frameTimes[Math.floor(window / perFrame)] ?? 0) + within(window)
    const end = (window: number): number => (played[Math.floor(window / perFrame)] ?? 0) + within(window) + WINDOW_MS
    return soundSpans(this.#audible, begin, end, mergeMs)
  }

  /**
   * The silences between the first sound and the last one, by where they are in the audio: a hole that a listener hears,
   * whenever its frames came.
   *
   * @returns in order, the shortest 10 ms long
   */
  holes(): Span[] {
    const start = this.frameTimes[0] ?? 0
    const begin = (window: number): number => start + window * WINDOW_MS
    return gapsBetween(soundSpans(this.#audible, begin, (window) => begin(window + 1)))
  }

  /**
   * How much of what can be heard is a tone.
   *
   * @param hertz - its frequency: 1 to 24,000
   * @returns the share of the audible frames of 20 ms that are the tone and little else, 0 to 1; 0 when none is audible
   * @throws TypeError or RangeError for what is no frequency
   */
  toneShare(hertz: number): number {
    checkNumber('hertz', hertz)
    checkRange('hertz', hertz, 1, SAMPLE_RATE / 2)
    return toneShare(this.samples, SAMPLE_RATE, channelsOf(this.layout), hertz)
  }

  /**
   * Where a sound begins in it, told by how its loudness changes: of a steady tone only beginning and end tell.
   *
   * @param sound - as it was played, at 8,000 to 192,000 Hz
   * @returns ms since the call was connected, to about 5 ms; undefined when it isn't there
   * @throws TypeError or RangeError for what is no audio, or of another rate
   */
  find(sound: EmitAudio): number | undefined {
    checkSound(sound, 'find() takes')
    const delay = delayBetween(sound, [SAMPLE_RATE, this.samples, this.layout])
    if (delay === undefined) return undefined
    const frame = Math.floor(delay / FRAME_MS)
    return (this.frameTimes[frame] ?? 0) + (delay - frame * FRAME_MS)
  }

  /**
   * Writes it to a WAV file.
   *
   * @param path - where to; without one a new file in the system's folder for temporary files
   * @returns the path
   */
  toWav(path?: string): Promise<string> {
    return audioToFile([SAMPLE_RATE, this.samples, this.layout], path === undefined ? {} : { path })
  }

  /** @returns the bytes of a WAV file */
  toBytes(): Promise<Uint8Array> {
    return audioToBytes([SAMPLE_RATE, this.samples, this.layout])
  }

  get #audible(): boolean[] {
    this.#windows ??= audibleWindows(this.samples, SAMPLE_RATE, channelsOf(this.layout))
    return this.#windows
  }
}

/** When frames play at the latest, for each frame to follow the one before it without a gap. */
function playedTimes(frameTimes: readonly number[]): number[] {
  const times = [...frameTimes]
  for (let i = times.length - 2; i >= 0; i--) {
    times[i] = Math.min(times[i] as number, (times[i + 1] as number) - FRAME_MS)
  }
  return times
}
