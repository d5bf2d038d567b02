import type { PageInput } from '../wire.ts'

type FormControl = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

/** Attributes that a description may set; whatever else is in one stays out of the page. */
const ATTRIBUTES =
  'min max step required disabled title placeholder minLength maxLength readOnly autocomplete spellcheck pattern inputMode rows size multiple accept'.split(
    ' ',
  )

/** 4 MiB, as much as the server takes. */
const MAX_FILE_BYTES = 4 * 1024 * 1024

/** One input: its control with a label, and a line for what is wrong with its value. */
export class InputControl {
  /** All of it. */
  readonly element: HTMLElement
  readonly #input: PageInput
  readonly #control: FormControl
  readonly #problem: HTMLElement
  readonly #shown: HTMLElement | undefined

  /**
   * @param input - describes it; texts in it are shown as text
   * @param id - of the control, unique in the page
   */
  constructor(input: PageInput, id: string) {
    this.#input = input
    this.#control = makeControl(input)
    this.#control.id = id
    this.#problem = element('p', 'problem')
    this.#problem.id = `${id}-problem`
    this.#shown = input.type === 'slider' ? element('span', 'slider-value') : undefined
    this.element = this.#arrange()
    this.#showValue()
    this.element.addEventListener('input', () => this.check())
  }

  /** Whether its value can be sent; what is wrong with it is shown. */
  check(): boolean {
    const control = this.#control
    control.setCustomValidity(this.#trouble())
    const isValid = control.checkValidity()
    this.#problem.textContent = isValid ? '' : control.validationMessage
    control.setAttribute('aria-invalid', String(!isValid))
    this.#showValue()
    return isValid
  }

  /** Moves the keyboard to it. */
  focus(): void {
    this.#control.focus()
  }

  /** @returns its value as the server takes it; null for none */
  async read(): Promise<unknown> {
    const control = this.#control
    switch (this.#input.type) {
      case 'slider':
      case 'number':
        return control.value === '' ? null : Number(control.value)
      case 'checkbox':
        return (control as HTMLInputElement).checked
      case 'select':
        return chosen(control as HTMLSelectElement)
      case 'json':
        return control.value.trim() === '' ? null : (JSON.parse(control.value) as unknown)
      case 'file':
        return readFiles(control as HTMLInputElement)
      default:
        return control.value
    }
  }

  #trouble(): string {
    const control = this.#control
    if (this.#input.type === 'json' && control.value.trim() !== '' && !isJson(control.value))
      return 'This must be JSON.'
    const files = [...((control as HTMLInputElement).files ?? [])]
    return files.reduce((sum, { size }) => sum + size, 0) > MAX_FILE_BYTES ? 'Files may have 4 MB in all.' : ''
  }

  #arrange(): HTMLElement {
    const control = this.#control
    const label = document.createElement('label')
    label.htmlFor = control.id
    label.textContent = this.#input.label ?? this.#input.name
    control.setAttribute('aria-describedby', this.#problem.id)
    const field = element('div', `field field-${this.#input.type}`)
    if (this.#shown) this.#shown.ariaHidden = 'true'
    const named = this.#shown ? [label, this.#shown] : [label]
    field.append(...named, control instanceof HTMLSelectElement ? boxed(control) : control, this.#problem)
    return field
  }

  #showValue(): void {
    if (this.#shown) this.#shown.textContent = this.#control.value
  }
}

function makeControl(input: PageInput): FormControl {
  const control = bareControl(input)
  for (const name of ATTRIBUTES) {
    const value = input[name]
    if (value === undefined || value === null) continue
    // Whether spelling is checked is a word; other flags are there or not.
    if (typeof value !== 'boolean' || name === 'spellcheck') control.setAttribute(name, textOf(value))
    else control.toggleAttribute(name.toLowerCase(), value)
  }
  setValue(control, input)
  return control
}

function bareControl({ type, options = [] }: PageInput): FormControl {
  if (type === 'textarea' || type === 'json') return document.createElement('textarea')
  if (type === 'select') {
    const select = document.createElement('select')
    const choices = options.map((option) => (typeof option === 'string' ? { value: option } : option))
    select.append(...choices.map(({ value, label = value }) => new Option(label, value)))
    return select
  }
  const control = document.createElement('input')
  const types: Readonly<Record<string, string>> = {
    slider: 'range',
    number: 'number',
    checkbox: 'checkbox',
    file: 'file',
  }
  control.type = types[type] ?? 'text'
  return control
}

function setValue(control: FormControl, { type, value }: PageInput): void {
  if (value === undefined || value === null || type === 'file') return
  if (control instanceof HTMLSelectElement) {
    const values = [value].flat()
    for (const option of control.options) option.selected = values.includes(option.value)
  } else if (type === 'checkbox') (control as HTMLInputElement).checked = value === true
  else control.value = type === 'json' ? JSON.stringify(value, undefined, 2) : textOf(value)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function chosen(select: HTMLSelectElement): unknown {
  if (!select.multiple) return select.value
  return Array.from(select.selectedOptions, (option) => option.value)
}

async function readFiles(control: HTMLInputElement): Promise<unknown> {
  const files = await Promise.all(Array.from(control.files ?? [], encodeFile))
  return control.multiple ? files : (files[0] ?? null)
}

async function encodeFile(file: File): Promise<{ name: string; type: string; data: string }> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)))
  return { name: file.name, type: file.type, data: btoa(parts.join('')) }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A list of one line has an arrow of the page's own. */
function boxed(select: HTMLSelectElement): HTMLElement {
  if (select.multiple || select.size > 1) return select
  const box = element('span', 'select')
  box.append(select)
  return box
}

function element(name: string, className: string): HTMLElement {
  const made = document.createElement(name)
  made.className = className
  return made
}
