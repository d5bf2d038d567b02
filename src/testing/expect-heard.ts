import { checkNumbers, checkPart, checkRange } from './checks.ts'
import type { Recording } from './recording.ts'
import { ms, seconds, list } from './words.ts'

/** What a caller is expected to have heard. */
export interface HeardExpectation {
  /** Seconds of sound, at least. */
  seconds?: number
  /** The frequency of a tone, in Hz: nine tenths of what is heard, or `share`, must be that tone. */
  toneHz?: number
  /** The share of what is heard that must be the tone, 0.01 to 1; 0.9 by default. Only with `toneHz`. */
  share?: number
  /** The longest silence between two sounds, in ms. */
  maxHoleMs?: number
  /** The longest time without a frame, in ms. */
  maxStallMs?: number
  /** Only what came from there on counts, in ms since the call was connected. */
  fromMs?: number
  /** Only what came before counts, in ms since the call was connected. */
  toMs?: number
}

const MOST_OF_IT = 0.9
const LEAST_SHARE = 0.01

/**
 * Compares what was heard with what was expected.
 *
 * @param all - what was heard
 * @param expected - at least one sound, and what else is said
 * @returns what was expected and what was heard, in words; undefined when all is as expected
 * @throws TypeError or RangeError naming what can't be expected
 */
export function unlikeHeard(all: Recording, expected: HeardExpectation): string | undefined {
  checkExpectation(expected)
  const heard = all.between(expected.fromMs ?? -Infinity, expected.toMs)
  const { seconds: least = 0, toneHz, share = MOST_OF_IT, maxHoleMs = Infinity, maxStallMs = Infinity } = expected
  const isEnough = heard.soundSeconds > 0 && heard.soundSeconds >= least
  const isTone = toneHz === undefined || heard.toneShare(toneHz) >= share
  const isWhole = heard.longestHoleMs <= maxHoleMs && heard.longestStallMs <= maxStallMs
  return isEnough && isTone && isWhole ? undefined : `Expected ${wish(expected)}; ${describeHeard(heard, toneHz)}`
}

/**
 * What was heard, in words and numbers.
 *
 * @param heard - what
 * @param toneHz - a tone that was looked for
 * @returns a sentence without its full stop
 */
export function describeHeard(heard: Recording, toneHz?: number): string {
  const sounds = heard.sounds()
  const [first, last] = [sounds[0], sounds.at(-1)]
  if (first === undefined || last === undefined) return `heard nothing in ${seconds(heard.seconds)}`
  const hole = heard.holes().toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))[0]
  return list([
    `heard ${seconds(heard.soundSeconds)} of sound between ${ms(first.fromMs)} and ${ms(last.toMs)}`,
    toneHz === undefined ? '' : `${Math.round(heard.toneShare(toneHz) * 100)} % of it ${toneHz} Hz`,
    `at ${Math.round(heard.loudness)} dB`,
    hole === undefined ? 'without a hole' : `the longest hole ${ms(hole.toMs - hole.fromMs)} at ${ms(hole.fromMs)}`,
    `the longest stall ${ms(heard.longestStallMs)}`,
  ])
}

function checkExpectation(expected: HeardExpectation): void {
  checkNumbers(expected, ['seconds', 'toneHz', 'share', 'maxHoleMs', 'maxStallMs', 'fromMs', 'toMs'])
  const { toneHz, share, fromMs, toMs } = expected
  for (const name of ['seconds', 'maxHoleMs', 'maxStallMs'] as const) checkRange(name, expected[name], 0)
  checkRange('toneHz', toneHz, 1, 24_000)
  checkRange('share', share, LEAST_SHARE, 1)
  if (share !== undefined && toneHz === undefined)
    throw new TypeError(`The option share, ${share}, is that of a tone: say which by toneHz`)
  checkPart(fromMs, toMs)
}

function wish({
  seconds: least,
  toneHz,
  share = MOST_OF_IT,
  maxHoleMs,
  maxStallMs,
  fromMs,
  toMs,
}: HeardExpectation): string {
  return list([
    least === undefined ? 'to hear something' : `to hear ${seconds(least)} of sound`,
    toneHz === undefined ? '' : `${Math.round(share * 100)} % of it ${toneHz} Hz`,
    maxHoleMs === undefined ? '' : `no hole over ${ms(maxHoleMs)}`,
    maxStallMs === undefined ? '' : `no stall over ${ms(maxStallMs)}`,
    fromMs === undefined ? '' : `from ${ms(fromMs)} on`,
    toMs === undefined ? '' : `before ${ms(toMs)}`,
  ])
}
