import { InvalidEmitError } from '../errors.ts'
import { type Played, type PlayedMark, settleMark } from '../frames/played-mark.ts'
import type { MediaLink } from '../native/media-link.ts'

const NOTHING: Played = { playedMs: 0, lengthMs: 0, complete: false }

/** The marks of one session that its media engine has yet to pass. */
export class PlayedMarks {
  readonly #pending = new Map<number, PlayedMark>()
  readonly #known = new WeakSet<PlayedMark>()
  #next = 0

  /**
   * Puts a mark behind the audio that was written so far.
   *
   * @param link - where the audio went
   * @param mark - which
   * @param overMs - how much of that audio it is about; undefined for all since the mark before
   * @throws InvalidEmitError for a mark that was emitted before, SessionClosedError after the end
   */
  add(link: MediaLink, mark: PlayedMark, overMs: number | undefined): void {
    if (this.#known.has(mark)) {
      throw new InvalidEmitError(`emit() gave the PlayedMark '${mark.name}' twice; each piece of audio needs its own`)
    }
    this.#known.add(mark)
    const id = this.#next++ % 2 ** 32
    this.#pending.set(id, mark)
    try {
      link.mark(id, overMs)
    } catch (error) {
      this.#settle(id, NOTHING)
      throw error
    }
  }

  /**
   * The engine has passed a mark.
   *
   * @param id - what the engine was told
   * @param playedMs - how much of its audio was heard
   * @param lengthMs - how long that audio is
   * @returns the mark and what became of its audio; undefined for one that is not known
   */
  pass(id: number, playedMs: number, lengthMs: number): [PlayedMark, Played] | undefined {
    const mark = this.#pending.get(id)
    if (mark === undefined) return undefined
    const played: Played = { playedMs, lengthMs, complete: playedMs >= lengthMs }
    this.#settle(id, played)
    return [mark, played]
  }

  /** The media engine has let go of the session: nothing more will be told. */
  end(): void {
    for (const id of this.#pending.keys()) this.#settle(id, NOTHING)
  }

  #settle(id: number, played: Played): void {
    const mark = this.#pending.get(id)
    this.#pending.delete(id)
    if (mark !== undefined) settleMark(mark, played)
  }
}
