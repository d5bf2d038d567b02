import { isDeepStrictEqual } from 'node:util'
import { describe } from '../frames/describe.ts'
import { isRecord } from '../stream/checks.ts'
import { checkAnswer } from './checks.ts'
import { ms } from './words.ts'

/** A message that the caller got. */
export interface CallerMessage {
  /** When it came, in ms since the call was connected. */
  readonly atMs: number
  /** As it came. */
  readonly text: string
  /** The text parsed as JSON; undefined when it is none. */
  readonly data: unknown
}

/**
 * Which message is meant: a text that is part of it, a pattern, an object whose properties it has as JSON, or a function
 * that says so.
 */
export type MessageMatch = string | RegExp | Readonly<Record<string, unknown>> | ((message: CallerMessage) => boolean)

/**
 * Refuses what means no message, or any.
 *
 * @param match - as a test gave it
 * @throws TypeError naming it
 */
export function checkMatch(match: unknown): void {
  const isAny = match === '' || (isRecord(match) && Object.keys(match).length === 0)
  if (isAny)
    throw new TypeError(`Any message would be ${match === '' ? "''" : '{}'}: say what it has, or give () => true`)
  if (typeof match === 'string' || typeof match === 'function' || match instanceof RegExp || isRecord(match)) return
  throw new TypeError(`A message is a text, a pattern, an object or a function that says so, not ${describe(match)}`)
}

/**
 * Whether a message is the one that is meant.
 *
 * @param message - the message
 * @param match - which is meant
 * @returns whether it is
 */
export function isMeant(message: CallerMessage, match: MessageMatch): boolean {
  if (typeof match === 'string') return message.text.includes(match)
  if (match instanceof RegExp) return new RegExp(match, match.flags.replace(/[gy]/g, '')).test(message.text)
  if (typeof match === 'function') return checkAnswer(match(message))
  const data = Object(message.data) as Record<string, unknown>
  return Object.entries(match).every(([name, value]) => isDeepStrictEqual(data[name], value))
}

/**
 * Says in words which message is meant, and which came.
 *
 * @param match - the one that is meant
 * @param messages - those that came
 * @returns a sentence without its full stop
 */
export function describeLack(match: MessageMatch, messages: readonly CallerMessage[]): string {
  const meant = typeof match === 'function' || match instanceof RegExp ? String(match) : JSON.stringify(match)
  const got = messages.map(({ atMs, text }) => `${describe(text)} at ${ms(atMs)}`)
  return `Expected a message ${meant}; the caller got ${got.length === 0 ? 'none' : got.join(', ')}`
}

/**
 * Reads a message.
 *
 * @param atMs - when it came
 * @param text - as it came
 * @returns with its data
 */
export function readMessage(atMs: number, text: string): CallerMessage {
  try {
    return { atMs, text, data: JSON.parse(text) as unknown }
  } catch {
    return { atMs, text, data: undefined }
  }
}
