import { checkObject } from '../stream/checks.ts'
import { checkNumber, checkNumbers, checkRange } from './checks.ts'
import type { Recording } from './recording.ts'
import { lengthOf, type Span } from './spans.ts'
import { ms } from './words.ts'

/** A turn: the caller spoke, then was answered. */
export interface TurnExpectation {
  /** From the true end of the caller's speech to the first sound of the reply, as the caller hears it, in ms at most. */
  replyWithinMs: number
  /** The same at least, for a handler that must not cut in when the caller takes a breath; 0 by default. */
  replyAfterMs?: number
}

/** An interruption: the caller began to speak while the handler did, which then fell silent for as long as the caller spoke. */
export interface InterruptionExpectation {
  /** From the caller's first sound until the handler is silent, as the caller hears it, in ms at most. */
  withinMs: number
}

/** A shorter sound is a click, and no reply. */
export const SHORTEST_SOUND_MS = 40

/** How a turn went. */
interface Turn {
  /** What the caller said last. */
  readonly speech: Span | undefined
  /** What was heard that began while the caller spoke, in order. */
  readonly overlaps: readonly Span[]
  /** What was heard that was going on when the caller began. */
  readonly before: Span | undefined
  /** What was heard first after it. */
  readonly reply: Span | undefined
}

/**
 * Looks at the last time that the caller spoke.
 *
 * @param heard - by the caller
 * @param speech - when the caller spoke last, from the first to the last sound of it
 * @returns how that turn went
 */
function turnOf(heard: Recording, speech: Span | undefined): Turn {
  if (speech === undefined) return { speech, overlaps: [], before: undefined, reply: undefined }
  const sounds = heard.sounds().filter((sound) => lengthOf(sound) >= SHORTEST_SOUND_MS)
  return {
    speech,
    before: sounds.find(({ fromMs, toMs }) => fromMs <= speech.fromMs && toMs > speech.fromMs),
    overlaps: sounds.filter(({ fromMs }) => fromMs > speech.fromMs && fromMs < speech.toMs),
    reply: sounds.find(({ fromMs }) => fromMs >= speech.toMs),
  }
}

/**
 * Compares a turn with what was expected.
 *
 * @param heard - by the caller
 * @param lastSpeech - when the caller spoke last
 * @param expected - how the turn should have gone
 * @returns what was expected and what was heard, in words; undefined when all is as expected
 * @throws TypeError or RangeError naming what can't be expected
 */
export function unlikeTurn(
  heard: Recording,
  lastSpeech: Span | undefined,
  expected: TurnExpectation,
): string | undefined {
  checkNumbers(expected, ['replyWithinMs', 'replyAfterMs'])
  const { replyWithinMs, replyAfterMs = 0 } = expected
  checkNumber('replyWithinMs', replyWithinMs)
  checkRange('replyWithinMs', replyWithinMs, 0)
  checkRange('replyAfterMs', replyAfterMs, 0, replyWithinMs)
  const { speech, overlaps, reply } = turnOf(heard, lastSpeech)
  const wish = `Expected a reply within ${ms(replyWithinMs)}${replyAfterMs > 0 ? `, not before ${ms(replyAfterMs)}` : ''}`
  if (speech === undefined) return `${wish}; the caller has not spoken`
  const spoke = `the caller spoke from ${ms(speech.fromMs)} to ${ms(speech.toMs)}`
  if (overlaps[0] !== undefined) return `${wish}; ${spoke}, and was cut in upon at ${ms(overlaps[0].fromMs)}`
  if (reply === undefined) return `${wish}; ${spoke}, and heard no reply until ${ms(heard.frameTimes.at(-1) ?? 0)}`
  const took = reply.fromMs - speech.toMs
  if (took <= replyWithinMs && took >= replyAfterMs) return undefined
  return `${wish}; ${spoke}, and the reply came at ${ms(reply.fromMs)}, after ${ms(took)}`
}

/**
 * Compares an interruption with what was expected.
 *
 * @param heard - by the caller
 * @param lastSpeech - when the caller spoke last
 * @param expected - how the handler should have reacted
 * @returns what was expected and what was heard, in words; undefined when all is as expected
 * @throws TypeError or RangeError naming what can't be expected
 */
export function unlikeInterruption(
  heard: Recording,
  lastSpeech: Span | undefined,
  expected: InterruptionExpectation,
): string | undefined {
  const { withinMs } = checkObject('', expected, ['withinMs']) as unknown as InterruptionExpectation
  checkNumber('withinMs', withinMs)
  checkRange('withinMs', withinMs, 0)
  const { speech, before, overlaps } = turnOf(heard, lastSpeech)
  const wish = `Expected the handler to fall silent within ${ms(withinMs)} of being interrupted`
  if (speech === undefined) return `${wish}; the caller has not spoken`
  if (before === undefined) return `${wish}; nothing was heard when the caller began, at ${ms(speech.fromMs)}`
  const took = before.toMs - speech.fromMs
  const began = `${wish}; the caller began at ${ms(speech.fromMs)}, and the handler was`
  if (took > withinMs) return `${began} heard until ${ms(before.toMs)}, ${ms(took)} later`
  const again = overlaps.find(({ toMs }) => toMs > speech.fromMs + withinMs)
  if (again !== undefined) return `${began} silent at ${ms(before.toMs)}, but heard again from ${ms(again.fromMs)} on`
  return isStillHeard(heard, before) ? `${began} still heard at ${ms(before.toMs)}: let more time pass` : undefined
}

/** Whether a sound goes on to where the recording ends: then nobody knows when it fell silent. */
function isStillHeard(heard: Recording, sound: Span): boolean {
  return (heard.frameTimes.at(-1) ?? 0) < sound.toMs
}
