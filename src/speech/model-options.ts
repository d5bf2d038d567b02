import { describe } from '../frames/describe.ts'
import { checkBoolean, checkObject, wrongType } from '../stream/checks.ts'

/** How a model that runs in this process is loaded. */
export interface SpeechModelOptions {
  /** Precision of the weights, such as `'fp32'`, `'fp16'`, `'q8'`, `'q4'`; by default what the model's package takes. */
  dtype?: string
  /** What it runs on, such as `'cpu'`, `'cuda'`, `'dml'`; by default what the model's package takes. */
  device?: string
}

/**
 * Checks how a model is loaded.
 *
 * @param options - as a user gave them
 * @param words - names of the options that are words
 * @param flags - names of those that are true or false
 * @throws TypeError naming the value
 */
export function checkModelOptions(options: unknown, words: readonly string[], flags: readonly string[] = []): void {
  const given = checkObject('', options, [...words, ...flags])
  for (const name of words) {
    const value = given[name]
    if (value !== undefined && (typeof value !== 'string' || value === '')) throw wrongType(name, 'a word', value)
  }
  for (const name of flags) if (given[name] !== undefined) checkBoolean(name, given[name])
}

/**
 * Refuses a model that there isn't.
 *
 * @param name - as a user gave it
 * @param known - names to choose from, in words
 * @returns the error to throw
 */
export function unknownModel(name: unknown, known: string): TypeError | RangeError {
  const message = `The model must be ${known}, not ${describe(name)}`
  return typeof name === 'string' ? new RangeError(message) : new TypeError(message)
}
