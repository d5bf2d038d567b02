import { describe } from '../frames/describe.ts'
import { wrongType } from '../stream/checks.ts'

/**
 * A number that must lie between two others.
 *
 * @param name - the option's
 * @param value - as a user gave it
 * @param range - least and most, both allowed
 * @returns the same
 * @throws TypeError or RangeError naming the value
 */
export function checkRange(name: string, value: unknown, [least, most]: readonly [number, number]): number {
  const range = most === Infinity ? `a number from ${least} to Infinity` : `a number from ${least} to ${most}`
  if (typeof value !== 'number') throw wrongType(name, range, value)
  if (value >= least && value <= most) return value
  throw new RangeError(`The option ${name} must be ${range}, not ${describe(value)}`)
}
