import { describe } from '../frames/describe.ts'
import { checkDescriptions, checkJson, wrongType } from './checks.ts'
import { misfit } from './input-values.ts'

/** An input that the page shows; further attributes are those of the HTML control of that type. */
export interface InputDescription {
  /** Which control. */
  type: 'slider' | 'number' | 'text' | 'textarea' | 'checkbox' | 'select' | 'file' | 'json'
  /** Unique among the inputs. */
  name: string
  /** Shown beside the control; by default the name. */
  label?: string
  /** At first. A file has none. */
  value?: unknown
  /** For a select: what there is to choose from, at least one. */
  options?: readonly (string | InputOption)[]
  /** Attributes of the control, such as `min`, `max` and `step` of a slider, or `multiple` of a select. */
  [attribute: string]: unknown
}

/** One choice of a select. */
export interface InputOption {
  /** What the handler gets. */
  value: string
  /** What a person sees; by default the value. */
  label?: string
}

const INPUT_TYPES = ['slider', 'number', 'text', 'textarea', 'checkbox', 'select', 'file', 'json'] as const

/** Of every control. */
const COMMON = ['type', 'name', 'label', 'value', 'required', 'disabled', 'title']
const TEXT = ['placeholder', 'minLength', 'maxLength', 'readOnly', 'autocomplete', 'spellcheck']
const ATTRIBUTES: Readonly<Record<InputDescription['type'], readonly string[]>> = {
  slider: ['min', 'max', 'step'],
  number: ['min', 'max', 'step', 'placeholder', 'readOnly'],
  text: [...TEXT, 'pattern', 'inputMode'],
  textarea: [...TEXT, 'rows'],
  checkbox: [],
  select: ['options', 'multiple', 'size'],
  file: ['accept', 'multiple'],
  json: ['placeholder', 'readOnly', 'rows'],
}
const NUMBERS = ['min', 'max']
const LENGTHS = ['minLength', 'maxLength', 'rows', 'size']
const FLAGS = ['required', 'disabled', 'readOnly', 'multiple', 'spellcheck']
const STRINGS = ['label', 'title', 'placeholder', 'autocomplete', 'pattern', 'inputMode', 'accept']

/**
 * Checks the option `additionalInputs`.
 *
 * @param inputs - as a user gave them
 * @returns the same
 * @throws TypeError or RangeError naming the one that can't be used
 */
export function checkInputs(inputs: readonly InputDescription[] = []): readonly InputDescription[] {
  checkDescriptions('additionalInputs', inputs, INPUT_TYPES)
  for (const [i, input] of inputs.entries()) checkInput(`additionalInputs[${i}]`, input)
  return inputs
}

function checkInput(path: string, input: InputDescription): void {
  const known = [...COMMON, ...ATTRIBUTES[input.type]]
  for (const [name, value] of Object.entries(input)) {
    if (!known.includes(name)) throw new TypeError(unknownAttribute(path, name, input.type, known))
    if (value !== undefined) checkAttribute(`${path}.${name}`, name, value)
  }
  if (input.type === 'select') checkOptions(`${path}.options`, input.options)
  checkOrder(path, input, ['min', 'max'])
  checkOrder(path, input, ['minLength', 'maxLength'])
  checkFirstValue(path, input)
}

function unknownAttribute(path: string, name: string, type: string, known: readonly string[]): string {
  return `There is no option ${path}.${name}: an input of type '${type}' has ${known.join(', ')}`
}

function checkAttribute(path: string, name: string, value: unknown): void {
  if (NUMBERS.includes(name) && !Number.isFinite(value)) throw wrongType(path, 'a number', value)
  if (FLAGS.includes(name) && typeof value !== 'boolean') throw wrongType(path, 'true or false', value)
  if (LENGTHS.includes(name) && !(Number.isInteger(value) && (value as number) >= 0))
    throw wrongType(path, 'an integer from 0 on', value)
  if (STRINGS.includes(name) && typeof value !== 'string') throw wrongType(path, 'a string', value)
  if (name === 'step' && value !== 'any' && !(Number.isFinite(value) && (value as number) > 0)) {
    throw wrongType(path, "a positive number or 'any'", value)
  }
}

/** Between two bounds the wrong way round lies nothing that a person could choose. */
function checkOrder(path: string, input: InputDescription, [low, high]: readonly [string, string]): void {
  const bounds = withDefaults(input)
  const [least, most] = [bounds[low], bounds[high]] as [number | undefined, number | undefined]
  if (least === undefined || most === undefined || least <= most) return
  const byDefault = input[high] === undefined ? ', which it is by default' : ''
  throw new RangeError(`The option ${path}.${low} must be at most ${high}, not ${least} with ${most}${byDefault}`)
}

/** A slider's bounds are those of the HTML control when it says none. */
function withDefaults(input: InputDescription): InputDescription {
  return input.type === 'slider' ? { ...input, min: input['min'] ?? 0, max: input['max'] ?? 100 } : input
}

function checkOptions(path: string, options: unknown): void {
  if (!Array.isArray(options) || options.length === 0) throw wrongType(path, 'a list of at least one choice', options)
  for (const [i, option] of options.entries()) {
    const { value, label } = (typeof option === 'string' ? { value: option } : (option ?? {})) as Partial<InputOption>
    if (typeof value === 'string' && (label === undefined || typeof label === 'string')) continue
    throw wrongType(`${path}[${i}]`, 'a string or { value, label }, both strings', option)
  }
}

function checkFirstValue(path: string, input: InputDescription): void {
  if (input.value === undefined || input.value === null) return
  if (input.type === 'file')
    throw new TypeError(`The option ${path}.value must be left out: a page can't choose a file`)
  checkJson(`${path}.value`, input.value)
  const wanted = misfit(withDefaults(input), input.value)
  if (wanted !== undefined) {
    throw new RangeError(`The option ${path}.value must be ${wanted}, not ${describe(input.value)}`)
  }
}
