import { CloseStream } from '../frames/close-stream.ts'
import { PlayedMark } from '../frames/played-mark.ts'

/** Which of a session's two media a value is for. */
export type Medium = 'audio' | 'video'

/** Values of one medium that may wait while the other is asked for: pictures are large, chunks of audio are small. */
const MAX_WAITING = { audio: 16, video: 8 } as const

/** What ends the stream. */
interface End {
  readonly value: unknown
  /** For whom it is; undefined: for both. */
  readonly medium: Medium | undefined
  /** Whether that one has it. */
  isTaken: boolean
}

/**
 * Shares out what one source gives between audio and video, each of which asks at its own pace: what is for the other waits for
 * it, and the source when too much does. Its end comes when nothing waits any more: alone to whoever asks, with audio or a picture to
 * whom that is for.
 */
export class EmittedSplitter {
  readonly #next: () => Promise<unknown>
  readonly #waiting = { audio: [] as unknown[], video: [] as unknown[] }
  #isAsking = false
  #end: End | undefined
  #changes: (() => void)[] = []

  /** @param next - asks the source; a `CloseStream` is its end, alone or as the second of a pair */
  constructor(next: () => Promise<unknown>) {
    this.#next = next
  }

  /**
   * The next value of a medium.
   *
   * @param medium - which
   * @returns it, or the end when all else was taken
   * @throws what the source throws, to one of the two
   */
  async take(medium: Medium): Promise<unknown> {
    const waiting = this.#waiting[medium]
    const other: Medium = medium === 'audio' ? 'video' : 'audio'
    this.#goOn(medium)
    while (waiting.length === 0) {
      if (this.#isEndFor(medium) && this.#waiting[other].length === 0) return this.#takeEnd()
      const isOtherFull = this.#waiting[other].length >= MAX_WAITING[other]
      // oxlint-disable-next-line no-await-in-loop -- one value comes after the other
      await (this.#end !== undefined || this.#isAsking || isOtherFull ? this.#change() : this.#ask(medium))
    }
    const value = waiting.shift()
    this.#changed()
    return value
  }

  /** Whoever has a pair with the end and asks again couldn't use it: it was complained of, and the source goes on. */
  #goOn(medium: Medium): void {
    if (this.#end?.isTaken !== true || this.#end.medium !== medium) return
    this.#end = undefined
    this.#changed()
  }

  #isEndFor(medium: Medium): boolean {
    return this.#end !== undefined && (this.#end.medium ?? medium) === medium
  }

  #takeEnd(): unknown {
    if (this.#end !== undefined) this.#end.isTaken = true
    return this.#end?.value
  }

  /** Asks the source, for whoever waits. What it throws is for the one who asked, and the other waits on: it is told of once. */
  async #ask(medium: Medium): Promise<void> {
    this.#isAsking = true
    const value = await this.#next()
    this.#isAsking = false
    if (value instanceof CloseStream) this.#end = { value, medium: undefined, isTaken: false }
    else if (isLastPair(value)) this.#end = { value, medium: mediumOf(value), isTaken: false }
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

function isLastPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value[1] instanceof CloseStream
}

/** What is for neither, such as outputs, goes to whoever asked. */
function mediumOf(value: unknown): Medium | undefined {
  if (value instanceof PlayedMark) return 'audio'
  if (Array.isArray(value)) return typeof value[0] === 'number' || Array.isArray(value[0]) ? 'audio' : 'video'
  return typeof value === 'object' && value !== null && 'width' in value ? 'video' : undefined
}
