import { describe } from '../frames/describe.ts'

/**
 * What an iterator's `next()` gave. Of anything but an object `done` is undefined too, as if it had yielded nothing.
 *
 * @param result - as it came, and was awaited
 * @param whose - whose `next()`, in words
 * @returns the same
 * @throws TypeError naming the value
 */
export function checkResult<Value>(result: IteratorResult<Value>, whose: string): IteratorResult<Value> {
  if (Object(result) === result) return result
  throw new TypeError(`next() of ${whose} gave ${describe(result)}; it must be { done, value }`)
}
