import type { PageOutput } from '../wire.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { OutputView } from './output-view.ts'
import { fetchOutputs } from './page-requests.ts'

/** What the handler shows the person beside its voice, in the ways that the server's user described. */
export class OutputsPanel {
  readonly #section: HTMLElement
  readonly #list: HTMLElement
  readonly #fetching = new OneAtATime(() => this.#fetch())
  #views: readonly OutputView[] = []
  #callId: string | undefined

  /**
   * @param section - shown when there are outputs
   * @param list - gets them
   */
  constructor(section: HTMLElement, list: HTMLElement) {
    this.#section = section
    this.#list = list
  }

  /**
   * Shows the outputs, empty.
   *
   * @param outputs - as described; none leaves the panel out
   */
  show(outputs: readonly PageOutput[]): void {
    this.#views = outputs.map((output, index) => new OutputView(output, `output-${index}`))
    this.#list.replaceChildren(...this.#views.map(({ element }) => element))
    this.#section.hidden = outputs.length === 0
  }

  /** Whether it shows nothing, for none was described. */
  get isEmpty(): boolean {
    return this.#views.length === 0
  }

  /**
   * A call has begun: what another one showed is gone.
   *
   * @param callId - the call's
   */
  begin(callId: string): void {
    this.#callId = callId
    for (const view of this.#views) view.show(null)
    this.refresh()
  }

  /** There is something new, or there may be. */
  refresh(): void {
    if (this.#views.length > 0 && this.#callId !== undefined) this.#fetching.ask()
  }

  async #fetch(): Promise<void> {
    const callId = this.#callId
    // A server that can't be reached says so by the end of the call.
    const values = callId === undefined ? undefined : await fetchOutputs(callId).catch(() => undefined)
    if (values === undefined || callId !== this.#callId) return
    for (const [index, view] of this.#views.entries()) view.show(values[index])
  }
}
