import { type Cancel, type Clock, realClock } from '../native/clock.ts'

/** Payloads of 20 ms between two marks. The media engine knows by its clock what is played from one to the next. */
const EVERY = 10
/** How long the last payloads of an utterance wait for more, in ms, before they get a mark of their own: longer than EVERY take. */
const PATIENCE_MS = 250

/**
 * Finds out from the provider's marks how much of a call's audio has been played. A mark is named for how many payloads went
 * before it.
 */
export class HeardMarks {
  readonly #send: (name: string) => void
  #sent = 0
  #marked = 0
  #cleared = 0
  readonly #clock: Clock
  #cancel: Cancel | undefined

  /**
   * @param send - puts a mark behind all audio so far
   * @param clock - what time is
   */
  constructor(send: (name: string) => void, clock: Clock = realClock) {
    this.#send = send
    this.#clock = clock
  }

  /** A payload was sent. */
  sent(): void {
    this.#sent += 1
    if (this.#sent - this.#marked >= EVERY) this.#mark()
    else this.#cancel ??= this.#clock.after(PATIENCE_MS, () => this.#mark())
  }

  /** What was sent and isn't played is dropped; its marks come back all the same. */
  cleared(): void {
    this.#cleared = this.#marked = this.#sent
    this.#stop()
  }

  /**
   * A mark has come back.
   *
   * @param name - as it came
   * @returns how many payloads have been played since the start; undefined for a mark that says nothing of that
   */
  played(name: string): number | undefined {
    const payloads = /^p\d{1,15}$/.test(name) ? Number(name.slice(1)) : 0
    return payloads > this.#cleared && payloads <= this.#marked ? payloads : undefined
  }

  /** Nothing is sent any more. */
  end(): void {
    this.#stop()
    this.#marked = this.#sent
  }

  #mark(): void {
    this.#stop()
    if (this.#marked === this.#sent) return
    this.#marked = this.#sent
    this.#send(`p${this.#sent}`)
  }

  #stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
