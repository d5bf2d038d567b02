import { channelsOf, type EmitAudio, type Layout } from '../frames/audio-frame.ts'
import { audioToInt16 } from '../frames/pcm.ts'
import type { TestPeer } from '../native/test-peer.ts'
import { type CallerMessage, readMessage } from './caller-messages.ts'
import type { SeenPicture } from './pictures.ts'
import { Recording } from './recording.ts'
import { audibleWindows, type Span, soundSpans, WINDOW_MS } from './spans.ts'

/** What a caller said, heard and got. Times are in ms since the call was connected. */
export class CallerLog {
  readonly #peer: TestPeer
  readonly #layout: Layout
  readonly #messages: CallerMessage[] = []
  #samples = new Int16Array(0)
  #length = 0
  readonly #times: number[] = []
  readonly #speeches: Span[] = []
  readonly #seen: SeenPicture[] = []
  #recording: Recording | undefined
  #start = 0
  #spokenUntil = 0
  #pressedUntil = 0

  /**
   * @param peer - the caller
   * @param layout - in which it hears
   */
  constructor(peer: TestPeer, layout: Layout) {
    this.#peer = peer
    this.#layout = layout
  }

  /** How late it is. */
  get nowMs(): number {
    return this.#peer.nowMs - this.#start
  }

  /** The messages so far. */
  get messages(): readonly CallerMessage[] {
    const messages = this.#peer.takeMessages()
    this.#messages.push(...messages.map(({ atMs, text }) => readMessage(atMs - this.#start, text)))
    return this.#messages
  }

  /** All that was heard so far. */
  get heard(): Recording {
    const { samples, atMs } = this.#peer.takeHeard()
    if (atMs.length > 0) {
      this.#append(samples)
      for (const at of atMs) this.#times.push(at - this.#start)
      this.#recording = undefined
    }
    this.#recording ??= new Recording(this.#samples.subarray(0, this.#length), [...this.#times], this.#layout)
    return this.#recording
  }

  /** All pictures that were seen so far. */
  get seen(): readonly SeenPicture[] {
    for (const { atMs, ...picture } of this.#peer.takeSeen()) this.#seen.push({ atMs: atMs - this.#start, ...picture })
    return this.#seen
  }

  /** When the caller spoke last, from the first to the last sound of it. */
  get lastSpeech(): Span | undefined {
    return this.#speeches.at(-1)
  }

  /** The call is connected: times count from here. */
  start(): void {
    this.#start = this.#peer.connectedAtMs
  }

  /**
   * Speaks, after whatever the caller is saying.
   *
   * @param audio - what
   * @returns when that will have been said
   */
  speak([sampleRate, samples, layout = 'mono']: EmitAudio): number {
    const [pcm, channels] = [audioToInt16(samples), channelsOf(layout)]
    const begin = Math.max(this.nowMs, this.#spokenUntil)
    this.#peer.speak(pcm, sampleRate, channels)
    const timeOf = (window: number): number => begin + window * WINDOW_MS
    const sounds = soundSpans(audibleWindows(pcm, sampleRate, channels), timeOf, (window) => timeOf(window + 1))
    const [first, last] = [sounds[0], sounds.at(-1)]
    if (first !== undefined && last !== undefined) this.#speeches.push({ fromMs: first.fromMs, toMs: last.toMs })
    this.#spokenUntil = begin + (pcm.length / channels / sampleRate) * 1000
    return this.#spokenUntil
  }

  /**
   * Presses keys, after those that the caller is pressing.
   *
   * @param keys - which
   * @param forMs - how long each is down
   * @param gapMs - how long after each the next may follow
   * @returns when all will have been pressed
   */
  press(keys: string, forMs: number, gapMs: number): number {
    this.#peer.press(keys, forMs, gapMs)
    this.#pressedUntil = Math.max(this.nowMs, this.#pressedUntil) + keys.length * (forMs + gapMs)
    return this.#pressedUntil
  }

  /** Says nothing more of what the caller was about to say. */
  hush(): void {
    this.#peer.hush()
    const now = this.nowMs
    this.#spokenUntil = Math.min(this.#spokenUntil, now)
    const last = this.#speeches.pop()
    if (last !== undefined && last.fromMs < now) this.#speeches.push({ ...last, toMs: Math.min(last.toMs, now) })
  }

  /** Behind all that was heard, where no recording that was given out looks. A long call is copied rarely, not at each frame. */
  #append(samples: Int16Array): void {
    const length = this.#length + samples.length
    if (length > this.#samples.length) {
      const larger = new Int16Array(2 * length)
      larger.set(this.#samples.subarray(0, this.#length))
      this.#samples = larger
    }
    this.#samples.set(samples, this.#length)
    this.#length = length
  }
}
