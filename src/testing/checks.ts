import { isThenable } from '../driver/emit-sink.ts'
import { describe } from '../frames/describe.ts'
import { checkMessageSize } from '../session/outbox.ts'
import { checkObject, isRecord, wrongType } from '../stream/checks.ts'

/** The longest that a call waits at once, in seconds: a day. */
const MAX_WAIT_S = 86_400

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
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_WAIT_S) return
  throw new RangeError(`A call waits a number of seconds, from 0 to 86,400, not ${describe(seconds)}`)
}

/**
 * A number between two others.
 *
 * @param name - the option's
 * @param value - as a test gave it; undefined is none
 * @param least - the least that it may be
 * @param most - the most; by default there is none
 * @throws TypeError or RangeError naming it
 */
export function checkRange(name: string, value: unknown, least: number, most: number = Infinity): void {
  if (value === undefined) return
  checkNumber(name, value)
  if ((value as number) >= least && (value as number) <= most) return
  const range = most === Infinity ? `at least ${least}` : `from ${least} to ${most}`
  throw new RangeError(`The option ${name} must be ${range}, not ${describe(value)}`)
}

/**
 * A part of a call that isn't empty.
 *
 * @param fromMs - where it begins; undefined for the call's beginning
 * @param toMs - where it ends; undefined for now
 * @throws TypeError or RangeError naming what can't be
 */
export function checkPart(fromMs: number | undefined, toMs: number | undefined): void {
  if (fromMs !== undefined) checkNumber('fromMs', fromMs)
  if (toMs !== undefined) checkNumber('toMs', toMs)
  if (fromMs === undefined || toMs === undefined || fromMs < toMs) return
  throw new RangeError(`The option fromMs must be less than toMs: nothing lies from ${fromMs} to ${toMs} ms`)
}

/**
 * What a test's function said, which is asked again and again and can't be waited for.
 *
 * @param answer - what it returned
 * @returns whether that means yes
 * @throws TypeError for a promise, which would always mean yes
 */
export function checkAnswer(answer: unknown): boolean {
  if (!isThenable(answer)) return Boolean(answer)
  throw new TypeError('The function must say at once whether it is so, not by a promise, which would always be true')
}

/**
 * What a caller sends.
 *
 * @param message - as a test gave it
 * @returns a text as it is, an object or a list as JSON
 * @throws TypeError naming what is neither, or what JSON can't carry; MessageTooLargeError for more than 64 KiB
 */
export function toMessage(message: unknown): string {
  const isJson = Array.isArray(message) || isRecord(message)
  const text = isJson ? toJson(message) : message
  if (typeof text !== 'string')
    throw new TypeError(`send() takes a text, or an object or a list that JSON can carry, not ${describe(message)}`)
  checkMessageSize(text)
  return text
}

function toJson(message: unknown): string | undefined {
  try {
    // No string for a function, a symbol and undefined, whatever the types say.
    const text: string | undefined = JSON.stringify(message)
    return text
  } catch {
    return undefined
  }
}
