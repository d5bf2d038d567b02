/** The field for texts of the variant with a text box. */
export class TextBox {
  readonly #field: HTMLInputElement
  readonly #button: HTMLButtonElement

  /**
   * @param form - has the other two
   * @param field - what a person writes in
   * @param button - sends it
   * @param onText - gets what was written
   */
  constructor(form: HTMLElement, field: HTMLInputElement, button: HTMLButtonElement, onText: (text: string) => void) {
    this.#field = field
    this.#button = button
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (button.disabled || field.value === '') return
      onText(field.value)
      field.value = ''
    })
  }

  /** Whether there is somebody to send it to. */
  set enabled(enabled: boolean) {
    this.#button.disabled = !enabled
    this.#field.placeholder = enabled ? '' : 'Start the call to write'
  }
}
