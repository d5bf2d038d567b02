import { checkObject, checkWord, wrongType } from './checks.ts'

/** How the built-in page looks. */
export interface UiOptions {
  /** Heading, and the title of the window. */
  title?: string
  /** A line below the heading. */
  subtitle?: string
  /** URL of a picture. */
  icon?: string
  /** A CSS colour. */
  iconButtonColor?: string
  /** A CSS colour. */
  pulseColor?: string
  /** Of the picture, in CSS pixels or with a unit. */
  iconRadius?: number | string
  /** When inputs are sent: as they change, or when a button is pressed. */
  sendInputOn?: 'change' | 'submit'
  /** Whether the heading is left out. */
  hideTitle?: boolean
  /** Whether the page fills the window. */
  fullScreen?: boolean
  /** What the call looks like. */
  variant?: 'wave' | 'textbox'
}

/** An input that the page shows; further attributes are those of the HTML control of that type. */
export interface InputDescription {
  /** Which control. */
  type: 'slider' | 'number' | 'text' | 'textarea' | 'checkbox' | 'select' | 'file' | 'json'
  /** Unique among the inputs. */
  name: string
  /** Shown beside the control. */
  label?: string
  /** At first. */
  value?: unknown
  /** Attributes of the control. */
  [attribute: string]: unknown
}

/** An output that the page shows. */
export interface OutputDescription {
  /** How it is shown. */
  type: 'text' | 'number' | 'json' | 'chat' | 'html' | 'image'
  /** Unique among the outputs. */
  name: string
  /** Shown beside it. */
  label?: string
}

const INPUT_TYPES = ['slider', 'number', 'text', 'textarea', 'checkbox', 'select', 'file', 'json'] as const
const OUTPUT_TYPES = ['text', 'number', 'json', 'chat', 'html', 'image'] as const
const UI_STRINGS = ['title', 'subtitle', 'icon', 'iconButtonColor', 'pulseColor']
const UI_FLAGS = ['hideTitle', 'fullScreen']

/**
 * Checks the option `ui`.
 *
 * @param ui - as a user gave it
 * @returns the same
 * @throws TypeError or RangeError naming the value that can't be used
 */
export function checkUi(ui: UiOptions = {}): UiOptions {
  const values = checkObject('ui', ui, [...UI_STRINGS, ...UI_FLAGS, 'iconRadius', 'sendInputOn', 'variant'])
  for (const name of UI_STRINGS) checkTypeOf(`ui.${name}`, values[name], ['string'])
  for (const name of UI_FLAGS) checkTypeOf(`ui.${name}`, values[name], ['boolean'])
  checkTypeOf('ui.iconRadius', values['iconRadius'], ['number', 'string'])
  if (typeof ui.iconRadius === 'number' && !(ui.iconRadius >= 0 && ui.iconRadius < Infinity)) {
    throw new RangeError(`The option ui.iconRadius must be 0 or more, not ${ui.iconRadius}`)
  }
  if (values['sendInputOn'] !== undefined) checkWord('ui.sendInputOn', values['sendInputOn'], ['change', 'submit'])
  if (values['variant'] !== undefined) checkWord('ui.variant', values['variant'], ['wave', 'textbox'])
  return ui
}

/**
 * Checks the option `additionalInputs`.
 *
 * @param inputs - as a user gave them
 * @returns the same
 * @throws TypeError or RangeError naming the one that can't be used
 */
export function checkInputs(inputs: readonly InputDescription[] = []): readonly InputDescription[] {
  checkDescriptions('additionalInputs', inputs, INPUT_TYPES)
  return inputs
}

/**
 * Checks the option `additionalOutputs`.
 *
 * @param outputs - as a user gave them
 * @returns the same
 * @throws TypeError or RangeError naming the one that can't be used
 */
export function checkOutputs(outputs: readonly OutputDescription[] = []): readonly OutputDescription[] {
  checkDescriptions('additionalOutputs', outputs, OUTPUT_TYPES)
  return outputs
}

function checkDescriptions(option: string, list: unknown, types: readonly string[]): void {
  if (!Array.isArray(list)) throw wrongType(option, 'a list of descriptions', list)
  const names = new Set<unknown>()
  for (const [i, item] of list.entries()) {
    const { type, name } = checkObject(`${option}[${i}]`, item)
    checkWord(`${option}[${i}].type`, type, types)
    if (typeof name !== 'string' || name === '') throw wrongType(`${option}[${i}].name`, 'a word', name)
    if (names.has(name)) throw new RangeError(`Two of the option ${option} have the name '${name}'`)
    names.add(name)
  }
}

function checkTypeOf(name: string, value: unknown, types: readonly string[]): void {
  if (value !== undefined && !types.includes(typeof value)) throw wrongType(name, `a ${types.join(' or a ')}`, value)
}
