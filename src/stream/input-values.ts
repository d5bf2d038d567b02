import { InvalidRequestError } from '../errors.ts'
import { describe } from '../frames/describe.ts'
import type { InputDescription } from './input-descriptions.ts'

/** A file that a person chose on the built-in page, as a handler gets it. */
export interface InputFile {
  /** Its name, without a path. */
  name: string
  /** Its media type, as the browser guessed it; empty when it couldn't. */
  type: string
  /** What is in it. */
  data: Uint8Array
}

/**
 * Reads the values of a page's inputs.
 *
 * @param inputs - which there are
 * @param values - one for each, in order, as parsed from JSON; a file has its data in base64
 * @returns the same for a handler: files are of {@link InputFile}
 * @throws InvalidRequestError naming the input whose value it can't have
 */
export function parseInputValues(inputs: readonly InputDescription[], values: unknown): unknown[] {
  if (!Array.isArray(values) || values.length !== inputs.length) {
    throw new InvalidRequestError('values', `values must be a list with a value for each of ${inputs.length} inputs`)
  }
  return inputs.map((input, i) => parseValue(input, values[i], `values[${i}]`))
}

/**
 * Says what an input's value must be.
 *
 * @param input - the input
 * @param value - not null
 * @returns what it must be, in words; undefined when it is
 */
export function misfit(input: InputDescription, value: unknown): string | undefined {
  switch (input.type) {
    case 'slider':
    case 'number':
      return isWithin(input, value) ? undefined : `a number${rangeOf(input)}`
    case 'text':
    case 'textarea':
      return typeof value === 'string' ? undefined : 'a string'
    case 'checkbox':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'select':
      return isChoice(input, value) ? undefined : `${input['multiple'] === true ? 'a list of' : 'one of'} its options`
    case 'file':
      return isList(input, value, isFile) ? undefined : 'a file: { name, type, data }, strings'
    case 'json':
      break
  }
  return undefined
}

function parseValue(input: InputDescription, value: unknown, path: string): unknown {
  if (value === undefined || value === null) {
    if (input['required'] !== true) return null
    throw new InvalidRequestError(path, `${path} is missing: the input '${input.name}' is required`)
  }
  const wanted = misfit(input, value)
  if (wanted !== undefined) {
    throw new InvalidRequestError(path, `${path}, the input '${input.name}', must be ${wanted}, not ${describe(value)}`)
  }
  if (input.type !== 'file') return value
  return Array.isArray(value) ? value.map(decodeFile) : decodeFile(value as EncodedFile)
}

function isWithin({ min, max }: InputDescription, value: unknown): boolean {
  const [least, most] = [min ?? -Infinity, max ?? Infinity] as [number, number]
  return typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most
}

function rangeOf(input: InputDescription): string {
  const { min, max } = input as { min?: number; max?: number }
  const parts = [min === undefined ? [] : `from ${min}`, max === undefined ? [] : `to ${max}`].flat()
  return parts.length === 0 ? '' : ` ${parts.join(' ')}`
}

function isChoice(input: InputDescription, value: unknown): boolean {
  const choices = (input.options ?? []).map((option) => (typeof option === 'string' ? option : option.value))
  return isList(input, value, (each) => choices.some((choice) => choice === each))
}

/** One that `fits`, or a list of them where several can be chosen. */
function isList(input: InputDescription, value: unknown, fits: (each: unknown) => boolean): boolean {
  return input['multiple'] === true ? Array.isArray(value) && value.every(fits) : fits(value)
}

type EncodedFile = Record<'name' | 'type' | 'data', string>

function isFile(value: unknown): boolean {
  const { name, type, data } = (value ?? {}) as Partial<Record<keyof EncodedFile, unknown>>
  return typeof name === 'string' && typeof type === 'string' && typeof data === 'string'
}

function decodeFile({ name, type, data }: EncodedFile): InputFile {
  return { name, type, data: new Uint8Array(Buffer.from(data, 'base64')) }
}
