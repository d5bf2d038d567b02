import { type AudioFrame, CloseStream, type EmitType, StreamHandler } from '../../src/index.ts'
import { tone } from '../../src/testing/index.ts'

/** What it does, in frames of 20 ms. */
export interface TurnTakerOptions {
  /** Frames of silence after which the caller has finished. */
  readonly patience?: number
  /** Whether it stops speaking when the caller begins. */
  readonly isPolite?: boolean
  /** Its answers, after which it says goodbye. */
  readonly answers?: number
}

/** Waits until the caller has spoken, answers with a tone of 880 Hz, and stops when the caller speaks again. */
export class TurnTaker extends StreamHandler {
  readonly #options: TurnTakerOptions
  #quiet = 0
  #hasSpoken = false
  #answers = 0
  #next: EmitType = null

  constructor(options: TurnTakerOptions = {}) {
    super({ inputSampleRate: 16_000 })
    this.#options = options
  }

  override receive([, samples]: AudioFrame): void {
    const isLoud = samples.some((sample) => Math.abs(sample) > 500)
    this.#quiet = isLoud ? 0 : this.#quiet + 1
    if (isLoud && !this.#hasSpoken && this.#options.isPolite !== false) this.clearQueue()
    this.#hasSpoken ||= isLoud
    if (!this.#hasSpoken || this.#quiet < (this.#options.patience ?? 15)) return
    this.#hasSpoken = false
    this.#answers++
    this.#next = tone(880, { seconds: 2 })
  }

  override emit(): EmitType {
    const next = this.#next
    this.#next = null
    if (next !== null || this.#answers < (this.#options.answers ?? Infinity)) return next
    return new CloseStream('Goodbye')
  }

  override copy(): TurnTaker {
    return new TurnTaker(this.#options)
  }
}
