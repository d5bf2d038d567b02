import { describe } from '../frames/describe.ts'
import { checkObject } from '../stream/checks.ts'
import type { PeerNetwork } from '../native/test-peer.ts'

/** What the network between caller and server does, the same in both directions. By default nothing. */
export interface NetworkOptions {
  /** The share of packets that gets lost, 0 to 1. */
  loss?: number
  /** The most that a packet takes longer than others, in ms, up to 10,000; order is kept. */
  jitterMs?: number
  /** The time that each packet takes at least, in ms, up to 10,000. Over real UDP it adds to what the network takes. */
  latencyMs?: number
  /** The share of packets that come 50 ms after their turn, 0 to 1. */
  reordering?: number
  /** The share of packets that come twice, 0 to 1. */
  duplicates?: number
}

const SHARES = ['loss', 'reordering', 'duplicates'] as const
const TIMES = ['jitterMs', 'latencyMs'] as const
const MAX_MS = 10_000

/** The names of all of them. */
export const NETWORK_OPTIONS: readonly string[] = [...SHARES, ...TIMES]

/**
 * Checks and completes options.
 *
 * @param options - what the network does
 * @param seed - of its random numbers
 * @returns for the fake peer
 * @throws RangeError naming the option that is out of range
 */
export function peerNetwork(options: NetworkOptions, seed: number): PeerNetwork {
  checkObject('', options)
  for (const name of SHARES) checkNumber(name, options[name], 1)
  for (const name of TIMES) checkNumber(name, options[name], MAX_MS)
  const { loss = 0, jitterMs = 0, latencyMs = 0, reordering = 0, duplicates = 0 } = options
  return { seed, loss, jitterMs, latencyMs, reordering, duplicates }
}

function checkNumber(name: string, value: number | undefined, most: number): void {
  if (value === undefined || (typeof value === 'number' && value >= 0 && value <= most)) return
  throw new RangeError(`The option ${name} must be from 0 to ${most}, not ${describe(value)}`)
}
