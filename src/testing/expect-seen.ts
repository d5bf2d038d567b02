import { checkObject } from '../stream/checks.ts'
import { checkPart, checkRange } from './checks.ts'
import { checkColour, type Colour, meanColour, type SeenPicture } from './pictures.ts'
import { ms } from './words.ts'

/** What a caller is expected to have seen. */
export interface SeenExpectation {
  /** Pictures, at least; 1 by default, 2 with `maxFreezeMs`. */
  pictures?: number
  /** Width of the last one, in pixels. */
  width?: number
  /** Height of the last one, in pixels. */
  height?: number
  /** Mean colour of the last one, to 16 in each part: compression changes colours a little. */
  colour?: Colour
  /**
   * The longest time between two pictures, of which there must be two then, in ms. With `fromMs` the time from there to the first
   * picture counts too, and with `toMs` that from the last one to there, or to now: so a film that stops is told.
   */
  maxFreezeMs?: number
  /** Only what came from there on counts, in ms since the call was connected. */
  fromMs?: number
  /** Only what came before counts, in ms since the call was connected. */
  toMs?: number
}

/** By so much a part of a colour may differ. */
const TOLERANCE = 16

/**
 * Compares what was seen with what was expected.
 *
 * @param all - what was seen
 * @param expected - at least one picture, and what else is said
 * @param nowMs - how late it is
 * @returns what was expected and what was seen, in words; undefined when all is as expected
 * @throws TypeError or RangeError naming what can't be expected
 */
export function unlikeSeen(all: readonly SeenPicture[], expected: SeenExpectation, nowMs: number): string | undefined {
  checkExpectation(expected)
  const { width, height, colour, maxFreezeMs = Infinity, fromMs = -Infinity, toMs = Infinity } = expected
  // Where one picture stands for ever there is no second one that tells it.
  const pictures = Math.max(expected.pictures ?? 1, maxFreezeMs === Infinity ? 1 : 2)
  const seen = all.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
  const last = seen.at(-1)
  const isSize = (width ?? last?.width) === last?.width && (height ?? last?.height) === last?.height
  const isColour = colour === undefined || (last !== undefined && isLike(meanColour(last), colour))
  const freezeMs = longestFreeze(seen, edgesOf(expected, nowMs))
  if (seen.length >= pictures && isSize && isColour && freezeMs <= maxFreezeMs) return undefined
  return `Expected ${JSON.stringify(expected)}; ${describeSeen(seen, freezeMs)}`
}

/**
 * What was seen, in words and numbers.
 *
 * @param seen - what
 * @param freezeMs - the longest freeze; by default the longest time between two pictures
 * @returns a sentence without its full stop
 */
export function describeSeen(seen: readonly SeenPicture[], freezeMs: number = longestFreeze(seen)): string {
  const [first, last] = [seen[0], seen.at(-1)]
  if (first === undefined || last === undefined) return 'saw nothing'
  const what = `the last ${last.width} x ${last.height} in the mean colour [${meanColour(last).join(', ')}]`
  const when = `from ${ms(first.atMs)} to ${ms(last.atMs)}, the longest freeze ${ms(freezeMs)}`
  return `saw ${seen.length} ${seen.length === 1 ? 'picture' : 'pictures'} ${when}; ${what}`
}

function checkExpectation(expected: SeenExpectation): void {
  checkObject('', expected, ['pictures', 'width', 'height', 'colour', 'maxFreezeMs', 'fromMs', 'toMs'])
  for (const name of ['pictures', 'width', 'height'] as const) checkRange(name, expected[name], 1)
  checkRange('maxFreezeMs', expected.maxFreezeMs, 0)
  checkPart(expected.fromMs, expected.toMs)
  if (expected.colour !== undefined) checkColour(expected.colour)
}

function isLike(colour: Colour, other: Colour): boolean {
  return colour.every((part, i) => Math.abs(part - (other[i] as number)) <= TOLERANCE)
}

/** Where a part begins and ends that was named, as far as it has passed. */
interface Edges {
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
}

function edgesOf({ fromMs, toMs }: SeenExpectation, nowMs: number): Edges {
  return {
    fromMs: fromMs === undefined ? undefined : Math.max(0, fromMs),
    toMs: toMs === undefined ? undefined : Math.min(nowMs, toMs),
  }
}

function longestFreeze(seen: readonly SeenPicture[], { fromMs, toMs }: Partial<Edges> = {}): number {
  const times = [fromMs, ...seen.map(({ atMs }) => atMs), toMs].filter((at) => at !== undefined)
  return times.slice(1).reduce((most, at, i) => Math.max(most, at - (times[i] as number)), 0)
}
