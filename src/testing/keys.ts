import { describe } from '../frames/describe.ts'
import { checkNumbers, checkRange } from './checks.ts'

/** How {@link TestCall.press} presses keys. */
export interface PressOptions {
  /** How long each key is down, in ms: 40 to 6,000, 100 by default. */
  forMs?: number
  /** How long the caller waits after each, in ms: 30 to 6,000, 70 by default. */
  gapMs?: number
}

/** How long a packet is, in ms: keys are told of in packets. */
const PACKET_MS = 20
/** The longest that browsers hold a key down, in ms (W3C, WebRTC, section 7.2)… */
const LONGEST_MS = 6000
/** …the shortest… */
const SHORTEST_MS = 40
/** …and the shortest time between two. */
const SHORTEST_GAP_MS = 30
/** The most keys at once. */
const MOST = 1000

/**
 * Checks which keys are pressed, and how.
 *
 * @param keys - as a test gave them
 * @param options - how
 * @returns the times in ms, in whole packets
 * @throws TypeError or RangeError naming what can't be
 */
export function checkKeys(keys: unknown, options: PressOptions): Required<PressOptions> {
  if (typeof keys !== 'string')
    throw new TypeError(`press() takes keys as a text, such as '1' or '42#', not ${describe(keys)}`)
  const unknown = /[^0-9*#A-D]/u.exec(keys)?.[0]
  if (keys === '' || unknown !== undefined)
    throw new RangeError(`The keys of a telephone are 0 to 9, *, # and A to D, not ${describe(unknown ?? keys)}`)
  if (keys.length > MOST) throw new RangeError(`press() takes up to ${MOST} keys at once, not ${keys.length}`)
  checkNumbers(options, ['forMs', 'gapMs'])
  const { forMs = 100, gapMs = 70 } = options
  checkRange('forMs', forMs, SHORTEST_MS, LONGEST_MS)
  checkRange('gapMs', gapMs, SHORTEST_GAP_MS, LONGEST_MS)
  return { forMs: wholePackets(forMs), gapMs: wholePackets(gapMs) }
}

function wholePackets(ms: number): number {
  return Math.ceil(ms / PACKET_MS) * PACKET_MS
}
