import { channelsOf, type EmitAudio, type Layout } from '../frames/audio-frame.ts'
import type { MediaLink } from '../native/media-link.ts'

/** With so little of a reply unheard it counts as heard, in ms. */
const LAST_WORD_MS = 100

/** How much of a reply was said so far, and how much of that the client has heard. All in ms. */
export class ReplyProgress {
  readonly #link: MediaLink
  #saidMs = 0
  /** What the client had heard when the reply began. */
  #heardBeforeMs = 0
  /** What the engine says of a reply that it has silenced. */
  #silencedAtMs: number | undefined

  /** @param link - says what was played */
  constructor(link: MediaLink) {
    this.#link = link
  }

  /** Whether nothing of it is left but its last word. */
  get isHeard(): boolean {
    return this.#saidMs - this.#heardMs() <= LAST_WORD_MS
  }

  /** Another reply begins. */
  begin(): void {
    this.#saidMs = 0
    this.#heardBeforeMs = this.#link.playedMs()
  }

  /**
   * The reply has said more.
   *
   * @param audio - what may be audio
   * @param defaultLayout - of audio that doesn't say its own
   */
  said(audio: unknown, defaultLayout: Layout): void {
    this.#saidMs += lengthMs(audio, defaultLayout)
  }

  /**
   * Speech has begun.
   *
   * @param heardMs - how much of the reply was heard, when the engine has silenced it by itself
   */
  silenced(heardMs: number | undefined): void {
    this.#silencedAtMs = heardMs
  }

  /** The reply is over. */
  finish(): void {
    this.#silencedAtMs = undefined
  }

  /** @returns how much was heard, in whole ms; what the engine said of it counts once */
  takeHeardMs(): number {
    const heardMs = this.#heardMs()
    this.#silencedAtMs = undefined
    return Math.max(0, Math.round(heardMs))
  }

  #heardMs(): number {
    return this.#silencedAtMs ?? this.#link.playedMs() - this.#heardBeforeMs
  }
}

/** How long audio is; 0 for what is none. */
function lengthMs(audio: unknown, defaultLayout: Layout): number {
  const [sampleRate, samples, layout] = (Array.isArray(audio) ? audio : []) as unknown as Partial<EmitAudio>
  const ms = ((samples?.length ?? 0) / channelsOf(layout ?? defaultLayout) / (sampleRate ?? 1)) * 1000
  return Number.isFinite(ms) ? ms : 0
}
