import type { AudioFrame } from '../frames/audio-frame.ts'
import type { MediaLink } from '../native/media-link.ts'

/** Reads frames from a link, each into an array of its own, for a handler may keep it. */
export class FrameReader {
  readonly #link: MediaLink
  readonly #sampleRate: number
  readonly #channels: number
  readonly #capacity: number
  #spare: Int16Array | null = null

  /**
   * @param link - where frames wait
   * @param sampleRate - in Hz
   * @param channels - 1 or 2
   */
  constructor(link: MediaLink, sampleRate: number, channels: number) {
    this.#link = link
    this.#sampleRate = sampleRate
    this.#channels = channels
    this.#capacity = Math.ceil(sampleRate / 50) * channels
  }

  /** @returns the oldest frame, or null when none waits */
  next(): AudioFrame | null {
    const into = this.#spare ?? new Int16Array(this.#capacity)
    const length = this.#link.readAudio(into) * this.#channels
    // An array that nothing was written to serves the next call, so finding the queue empty costs none.
    this.#spare = length === 0 ? into : null
    if (length === 0) return null
    // 20 ms at a rate such as 11,025 Hz is now one sample more, now one less.
    return [this.#sampleRate, length === into.length ? into : into.slice(0, length)]
  }
}
