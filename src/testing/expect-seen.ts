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
  /** The longest time between two pictures, of which there must be two then, in ms. */
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
 * @returns what was expected and what was seen, in words; undefined when all is as expected
 * @throws TypeError or RangeError naming what can't be expected
 */
export function unlikeSeen(all: readonly SeenPicture[], expected: SeenExpectation): string | undefined {
  checkExpectation(expected)
  const { width, height, colour, maxFreezeMs = Infinity, fromMs = -Infinity, toMs = Infinity } = expected
  // Where one picture stands for ever there is no second one that tells it.
  const pictures = Math.max(expected.pictures ?? 1, maxFreezeMs === Infinity ? 1 : 2)
  const seen = all.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
  const last = seen.at(-1)
  const isSize = (width ?? last?.width) === last?.width && (height ?? last?.height) === last?.height
  const isColour = colour === undefined || (last !== undefined && isLike(meanColour(last), colour))
  const isFluent = longestFreeze(seen) <= maxFreezeMs
  if (seen.length >= pictures && isSize && isColour && isFluent) return undefined
  return `Expected ${JSON.stringify(expected)}; ${describeSeen(seen)}`
}

/**
 * What was seen, in words and numbers.
 *
 * @param seen - what
 * @returns a sentence without its full stop
 */
export function describeSeen(seen: readonly SeenPicture[]): string {
  const [first, last] = [seen[0], seen.at(-1)]
  if (first === undefined || last === undefined) return 'saw nothing'
  const what = `the last ${last.width} x ${last.height} in the mean colour [${meanColour(last).join(', ')}]`
  const when = `from ${ms(first.atMs)} to ${ms(last.atMs)}, the longest freeze ${ms(longestFreeze(seen))}`
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

function longestFreeze(seen: readonly SeenPicture[]): number {
  return Math.max(0, ...seen.slice(1).map(({ atMs }, i) => atMs - (seen[i] as SeenPicture).atMs))
}
