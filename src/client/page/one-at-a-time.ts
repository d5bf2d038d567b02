/** Does something again and again, never twice at once: what is asked for meanwhile is done once, afterwards. */
export class OneAtATime {
  readonly #work: () => Promise<void>
  #isBusy = false
  #isAskedFor = false

  /** @param work - never rejects */
  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  /** Does it now, or when what is under way has ended. */
  ask(): void {
    this.#isAskedFor = true
    if (!this.#isBusy) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isBusy = true
    while (this.#isAskedFor) {
      this.#isAskedFor = false
      // Each round takes what is newest then.
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await this.#work()
    }
    this.#isBusy = false
  }
}
