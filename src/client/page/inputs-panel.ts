import type { PageInput } from '../wire.ts'
import { InputControl } from './input-control.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { sendInputs } from './page-requests.ts'

/** The elements of the page that the inputs live in. */
export interface InputsElements {
  /** Shown when there are inputs. */
  readonly section: HTMLElement
  /** Gets the controls, before its button. */
  readonly form: HTMLFormElement
  /** Sends them, when they aren't sent as they change. */
  readonly button: HTMLButtonElement
  /** Says what became of them. */
  readonly note: HTMLElement
}

/** What the handler wants to know of the person: controls that the server's user described. */
export class InputsPanel {
  readonly #elements: InputsElements
  readonly #sending = new OneAtATime(() => this.#send())
  #controls: readonly InputControl[] = []
  #callId: string | undefined
  #onSubmitOnly = false
  /** What was sent last, or will be: what is put in but not submitted yet isn't in it. */
  #values: readonly unknown[] = []

  /** @param elements - of the page */
  constructor(elements: InputsElements) {
    this.#elements = elements
    elements.form.addEventListener('input', () => void this.#onChange())
    elements.form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#submit()
    })
  }

  /**
   * Shows the inputs.
   *
   * @param inputs - as described; none leaves the panel out
   * @param sendOn - when they are sent
   */
  show(inputs: readonly PageInput[], sendOn: 'change' | 'submit'): void {
    const { section, form, button } = this.#elements
    this.#controls = inputs.map((input, index) => new InputControl(input, `input-${index}`))
    this.#onSubmitOnly = sendOn === 'submit'
    form.prepend(...this.#controls.map(({ element }) => element))
    button.hidden = !this.#onSubmitOnly
    section.hidden = inputs.length === 0
  }

  /** Whether all can be sent. Of those that can't the first gets the keyboard, and says why. */
  check(): boolean {
    const wrong = this.#controls.filter((control) => !control.check())
    wrong[0]?.focus()
    return wrong.length === 0
  }

  /**
   * A call has begun: the handler gets the inputs as they are.
   *
   * @param callId - the call's
   */
  async begin(callId: string): Promise<void> {
    this.#callId = callId
    if (this.#controls.length > 0 && (await this.#take())) this.#sending.ask()
  }

  /** The call has ended. */
  end(): void {
    this.#callId = undefined
    this.#elements.note.textContent = ''
  }

  /** The handler asks for them. */
  async answer(): Promise<void> {
    if (this.#callId === undefined) return
    if (!this.#onSubmitOnly) await this.#take()
    this.#sending.ask()
  }

  async #onChange(): Promise<void> {
    this.#elements.note.textContent = ''
    if (this.#onSubmitOnly || this.#callId === undefined) return
    if (await this.#take()) this.#sending.ask()
  }

  async #submit(): Promise<void> {
    if (!this.check() || !(await this.#take())) return
    if (this.#callId === undefined) this.#elements.note.textContent = 'They are sent when a call begins.'
    else this.#sending.ask()
  }

  /** Reads all values, unless one can't be sent. */
  async #take(): Promise<boolean> {
    if (!this.#controls.map((control) => control.check()).every(Boolean)) return false
    this.#values = await Promise.all(this.#controls.map((control) => control.read()))
    return true
  }

  async #send(): Promise<void> {
    const { note } = this.#elements
    if (this.#callId === undefined) return
    try {
      await sendInputs(this.#callId, this.#values)
      if (this.#onSubmitOnly) note.textContent = 'Sent.'
    } catch (error) {
      note.textContent = error instanceof Error ? error.message : String(error)
    }
  }
}
