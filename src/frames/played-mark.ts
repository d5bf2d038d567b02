import { describe } from './describe.ts'

/** What became of the audio that a {@link PlayedMark} is about. */
export interface Played {
  /** How much of it the client has heard, in ms. */
  readonly playedMs: number
  /** How long it is, in ms. */
  readonly lengthMs: number
  /** Whether all of it was heard; false when the queue was cleared or the session ended before. */
  readonly complete: boolean
}

// Assigned by the class, the only one that may touch its private fields.
let settle: (mark: PlayedMark, played: Played) => void

/**
 * Asks what the client has heard of a piece of audio. Emit it with the audio, as `[audio, new PlayedMark('greeting')]`, and
 * it is about that chunk; emit it alone, and it is about all audio since the mark before it.
 *
 * ```ts
 * const mark = new PlayedMark('answer')
 * this.#chunks.put([[24_000, speech], mark])
 * const { playedMs, complete } = await mark.played
 * ```
 *
 * The session tells it as an event too, `played`, which has the mark, so that its name can say what was heard; of a
 * `WorkerHandler` it is told on the handler's thread.
 */
export class PlayedMark {
  /** What the mark is called; Parley only passes it on. */
  readonly name: string
  /**
   * Resolves when the client has heard the audio to its end, or as much of it as it will hear after the queue was cleared or
   * the session has ended. It is never rejected.
   */
  readonly played: Promise<Played>

  #settle: (played: Played) => void = () => undefined

  /**
   * @param name - any string; `''` by default
   * @throws TypeError when it is no string
   */
  constructor(name = '') {
    if (typeof name !== 'string')
      throw new TypeError(`The name of a PlayedMark must be a string, not ${describe(name)}`)
    this.name = name
    this.played = new Promise((resolve) => (this.#settle = resolve))
  }

  static {
    settle = (mark, played) => mark.#settle(played)
  }
}

/**
 * Tells whoever waits for a mark.
 *
 * @param mark - which
 * @param played - what became of its audio
 */
export function settleMark(mark: PlayedMark, played: Played): void {
  settle(mark, played)
}
