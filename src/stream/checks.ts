import { describe } from '../frames/describe.ts'

/**
 * Refuses an option.
 *
 * @param name - which; empty for the options themselves
 * @param wanted - what it must be
 * @param value - what it was
 * @returns the error to throw
 */
export function wrongType(name: string, wanted: string, value: unknown): TypeError {
  const what = name === '' ? 'The options' : `The option ${name}`
  return new TypeError(`${what} must be ${wanted}, not ${describe(value)}`)
}

/**
 * A number that must lie between two others.
 *
 * @param name - the option's
 * @param value - as a user gave it
 * @param range - least and most, both allowed
 * @returns the same
 * @throws TypeError or RangeError naming the value
 */
export function checkInteger(name: string, value: unknown, [least, most]: readonly [number, number]): number {
  if (typeof value !== 'number') throw wrongType(name, `an integer from ${least} to ${most}`, value)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new RangeError(`The option ${name} must be an integer from ${least} to ${most}, not ${describe(value)}`)
}

/**
 * A duration.
 *
 * @param name - the option's
 * @param value - as a user gave it
 * @returns the same
 * @throws TypeError or RangeError naming the value
 */
export function checkSeconds(name: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(name, 'a number of seconds', value)
  // Timers count milliseconds in 31 bits.
  if (value > 0 && value <= 2_147_483) return value
  throw new RangeError(`The option ${name} must be more than 0 and at most 2,147,483 seconds, not ${describe(value)}`)
}

/**
 * The options of a stream's `close`.
 *
 * @param options - as a user gave them
 * @returns the seconds that sessions may go on, 0 for none
 * @throws TypeError or RangeError naming the value
 */
export function checkDrain(options: unknown = {}): number {
  const { drain = 0 } = checkObject('', options, ['drain'])
  return drain === 0 ? 0 : checkSeconds('drain', drain)
}

/**
 * A signal that is one.
 *
 * @param signal - as a user gave it
 * @param name - the option's
 * @throws TypeError naming the value
 */
export function checkSignal(signal: unknown, name = 'signal'): asserts signal is AbortSignal | undefined {
  if (signal === undefined || (signal instanceof Object && 'aborted' in signal && 'addEventListener' in signal)) return
  throw wrongType(name, 'an AbortSignal', signal)
}

/**
 * The id of a session. One that is none has no session, and never will.
 *
 * @param webrtcId - as a user gave it
 * @throws TypeError naming the value
 */
export function checkId(webrtcId: unknown): void {
  if (typeof webrtcId !== 'string') throw new TypeError(`The webrtcId must be a string, not ${describe(webrtcId)}`)
}

/**
 * Yes or no.
 *
 * @param name - the option's
 * @param value - as a user gave it
 * @returns the same
 * @throws TypeError naming the value
 */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw wrongType(name, 'true or false', value)
}

/**
 * One of a few words.
 *
 * @param name - the option's
 * @param value - as a user gave it
 * @param words - which there are
 * @returns the same
 * @throws TypeError or RangeError naming the value
 */
export function checkWord<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find((each) => each === value)
  if (word !== undefined) return word
  const wanted = oneOf(words)
  if (typeof value !== 'string') throw wrongType(name, wanted, value)
  throw new RangeError(`The option ${name} must be ${wanted}, not ${describe(value)}`)
}

/** `'a'`, `'a' or 'b'`, or `one of 'a', 'b', 'c'`. */
function oneOf(words: readonly string[]): string {
  const quoted = words.map((word) => `'${word}'`)
  return quoted.length > 2 ? `one of ${quoted.join(', ')}` : quoted.join(' or ')
}

/**
 * A plain object whose properties are known.
 *
 * @param name - the option's; empty for the options themselves
 * @param value - as a user gave it
 * @param known - names of its properties; absent: any
 * @returns its properties
 * @throws TypeError naming the value, or the property that doesn't exist
 */
export function checkObject(name: string, value: unknown, known?: readonly string[]): Record<string, unknown> {
  if (!isRecord(value)) throw wrongType(name, 'an object', value)
  const unknown = known === undefined ? undefined : Object.keys(value).find((key) => !known.includes(key))
  if (unknown === undefined) return value
  const path = name === '' ? unknown : `${name}.${unknown}`
  throw new TypeError(`There is no option ${path}; ${thereAre(known ?? [])}`)
}

function thereAre(names: readonly string[]): string {
  return names.length === 1 ? `there is ${names[0]}` : `there are ${names.join(', ')}`
}

/**
 * Whether a value can have named options: not a list, nor what has no properties of its own to speak of, such as a promise
 * that somebody forgot to await, a `Map` or a `Date`.
 *
 * @param value - anything
 * @returns whether its properties are worth reading
 */
export function isRecord(value: unknown): value is Record<string, unknown> {
  const kind = Object.prototype.toString.call(value)
  return typeof value === 'object' && (kind === '[object Object]' || kind === '[object Module]')
}

/**
 * A value that JSON carries to a page as it is.
 *
 * @param name - the option's
 * @param value - as a user gave it
 * @param around - what it lies in
 * @throws TypeError naming the part that JSON can't carry
 */
export function checkJson(name: string, value: unknown, around: readonly object[] = []): void {
  const isPlain = ['string', 'boolean', 'undefined'].includes(typeof value) || value === null || Number.isFinite(value)
  if (isPlain) return
  if (typeof value !== 'object' || value === null) {
    throw wrongType(name, 'something that JSON can carry, such as a finite number or a string', value)
  }
  if (around.includes(value))
    throw new TypeError(`The option ${name} must not lie in itself: JSON can't carry a circle`)
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return
  for (const [key, part] of Object.entries(value)) {
    checkJson(Array.isArray(value) ? `${name}[${key}]` : `${name}.${key}`, part, [...around, value])
  }
}

/**
 * A list of descriptions, each with a type and a name of its own.
 *
 * @param option - its name
 * @param list - as a user gave it
 * @param types - which there are
 * @throws TypeError or RangeError naming the one that can't be used
 */
export function checkDescriptions(option: string, list: unknown, types: readonly string[]): void {
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
