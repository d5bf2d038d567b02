import { type AudioFrame, channelsOf } from '../frames/audio-frame.ts'
import type { ReplyContext } from './reply-context.ts'
import type { ReplyOnPause, TurnParts } from './reply-on-pause.ts'
import type { Turn, TurnReason } from './turn.ts'
import type { Spoken } from './turn-input.ts'

/** What was said, whole or so far. */
export type Heard = Pick<Spoken, 'from' | 'to' | 'foundAt' | 'audio'>

/** Counts turns, and describes them as the user's functions see them. */
export class TurnRecord {
  readonly #handler: ReplyOnPause
  readonly #parts: TurnParts
  #turns = 0
  #interruptedMs: number | undefined

  /**
   * @param handler - says what its audio is like
   * @param parts - whose session is served
   */
  constructor(handler: ReplyOnPause, parts: TurnParts) {
    this.#handler = handler
    this.#parts = parts
  }

  /** How much was heard of the reply that was stopped before the next turn, in ms; undefined when none was. */
  get interruptedMs(): number | undefined {
    return this.#interruptedMs
  }

  /**
   * A reply was stopped.
   *
   * @param heardMs - how much of it was heard
   */
  interrupted(heardMs: number): void {
    this.#interruptedMs = heardMs
  }

  /**
   * A turn is over, and replied to.
   *
   * @param heard - what was said
   * @param reason - why it was over
   * @returns the turn; the next one comes after it
   */
  close(heard: Heard, reason: TurnReason): Turn {
    const turn = this.describe(heard, reason)
    this.#turns++
    this.#interruptedMs = undefined
    return turn
  }

  /**
   * The turn after those that were replied to.
   *
   * @param heard - what was said
   * @param reason - why it is over, if it is
   * @returns the turn
   */
  describe({ from, to, foundAt, audio }: Heard, reason: TurnReason): Turn {
    const { inputSampleRate, expectedLayout } = this.#handler
    const audioSeconds = audio.length / channelsOf(expectedLayout) / inputSampleRate
    const heard = this.#interruptedMs === undefined ? {} : { heardMs: this.#interruptedMs }
    return { number: this.#turns + 1, from, to, foundAt, audioSeconds, reason, ...heard }
  }

  /**
   * What was said, as a frame.
   *
   * @param samples - at the handler's rate and in its layout
   * @returns the frame
   */
  frame(samples: Int16Array): AudioFrame {
    return [this.#handler.inputSampleRate, samples]
  }

  /**
   * What a user's function gets beside the audio.
   *
   * @param turn - which
   * @param signal - aborted when nobody wants its result any more
   * @returns the context
   * @throws TypeError when the handler serves no session
   */
  context(turn: Turn, signal: AbortSignal): ReplyContext {
    const { session } = this.#parts
    if (session === undefined) throw new TypeError('The handler serves no session')
    return { signal, session, turn }
  }
}
