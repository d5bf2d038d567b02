import { readStats } from '../src/session/session-stats.ts'
import type { MediaLink, MediaStats } from '../src/native/media-link.ts'

/** A link that has one frame when it is told to, and whose output queue is always empty. */
export class OneFrameLink implements MediaLink {
  readonly key = 0
  #waits = false
  #written: (() => void) | undefined

  /** Puts the frame where it can be read. */
  offer(): void {
    this.#waits = true
  }

  /** @returns when audio is written */
  nextWrite(): Promise<void> {
    return new Promise((resolve) => (this.#written = resolve))
  }

  listen(): void {}

  readAudio(into: Int16Array): number {
    if (!this.#waits) return 0
    this.#waits = false
    return into.length
  }

  writeAudio(): number {
    this.#written?.()
    return 20
  }

  mark(): void {}

  readVideo(): undefined {
    return undefined
  }

  writeVideo(): boolean {
    return true
  }

  playedMs(): number {
    return 0
  }

  queuedMs(): number {
    return 0
  }

  listenForSpeech(): void {}
  readSpeech(): undefined {}
  setReply(): void {}
  continueTurn(): void {}
  peekTurn(): void {}
  takeTurn(): void {}
  resetSpeech(): void {}
  clearQueue(): void {}
  sendMessage(): void {}
  addCandidate(): void {}
  renegotiate(): void {}
  drain(): void {}
  close(): void {}

  stats(): MediaStats {
    return readStats(undefined)
  }
}
