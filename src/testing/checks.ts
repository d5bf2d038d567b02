import { describe } from '../frames/describe.ts'
import { checkObject, wrongType } from '../stream/checks.ts'

/**
 * Options that are all numbers. One that is misspelt, or is no number, would else expect nothing, or be waited for for ever.
 *
 * @param options - as a test gave them
 * @param names - of its properties
 * @throws TypeError or RangeError naming the one that can't be used
 */
export function checkNumbers(options: unknown, names: readonly string[]): void {
  const values = checkObject('', options, names)
  for (const name of names) if (values[name] !== undefined) checkNumber(name, values[name])
}

/**
 * A number.
 *
 * @param name - the option's
 * @param value - as a test gave it
 * @throws TypeError or RangeError naming it
 */
export function checkNumber(name: string, value: unknown): void {
  if (typeof value !== 'number') throw wrongType(name, 'a number', value)
  if (Number.isNaN(value)) throw new RangeError(`The option ${name} must be a number, not NaN`)
}

/**
 * How long a call waits for something.
 *
 * @param seconds - as a test gave it
 * @throws RangeError for what is no length, or has no end
 */
export function checkWait(seconds: unknown): void {
  if (typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds)) return
  throw new RangeError(`A call waits a number of seconds, not ${describe(seconds)}`)
}
