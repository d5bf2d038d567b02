import { CloseStream } from '../frames/close-stream.ts'
import { PlayedMark } from '../frames/played-mark.ts'

/** Which of a session's two media a value is for. */
export type Medium = 'audio' | 'video'

/** Values of one medium that may wait while the other is asked for: pictures are large, chunks of audio are small. */
const MAX_WAITING = { audio: 16, video: 8 } as const

/**
 * Shares out what one source gives between audio and video, each of which asks at its own pace: what is for the other waits for
 * it, and the source when too much does. Its end comes to whoever asks when nothing waits any more.
 */
export class EmittedSplitter {
  readonly #next: () => Promise<unknown>
  readonly #waiting = { audio: [] as unknown[], video: [] as unknown[] }
  #asking: Promise<void> | undefined
  #end: CloseStream | undefined
  #changes: (() => void)[] = []

  /** @param next - asks the source; a `CloseStream` is its end */
  constructor(next: () => Promise<unknown>) {
    this.#next = next
  }

  /**
   * The next value of a medium.
   *
   * @param medium - which
   * @returns it, or the end when all else was taken
   * @throws what the source throws
   */
  async take(medium: Medium): Promise<unknown> {
    const waiting = this.#waiting[medium]
    const other: Medium = medium === 'audio' ? 'video' : 'audio'
    while (waiting.length === 0) {
      const isOtherFull = this.#waiting[other].length >= MAX_WAITING[other]
      if (this.#end !== undefined && this.#waiting[other].length === 0) return this.#end
      // oxlint-disable-next-line no-await-in-loop -- one value comes after the other
      await (this.#end !== undefined || isOtherFull ? this.#change() : this.#ask(medium))
    }
    const value = waiting.shift()
    this.#changed()
    return value
  }

  /** Asks the source, for whoever waits. */
  #ask(medium: Medium): Promise<void> {
    this.#asking ??= this.#askFor(medium).finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #askFor(medium: Medium): Promise<void> {
    const value = await this.#next()
    if (value instanceof CloseStream) this.#end = value
    else this.#waiting[mediumOf(value) ?? medium].push(value)
    this.#changed()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => void this.#changes.push(resolve))
  }

  #changed(): void {
    for (const resolve of this.#changes.splice(0)) resolve()
  }
}

/** What is for neither, such as outputs, goes to whoever asked. */
function mediumOf(value: unknown): Medium | undefined {
  if (value instanceof PlayedMark) return 'audio'
  if (Array.isArray(value)) return typeof value[0] === 'number' || Array.isArray(value[0]) ? 'audio' : 'video'
  return typeof value === 'object' && value !== null && 'width' in value ? 'video' : undefined
}
