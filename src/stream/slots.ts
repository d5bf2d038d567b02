import { isIPv6 } from 'node:net'
import type { SessionCore } from '../session/session-core.ts'

/** Offers that may wait for their connection at once, whatever the limit: each holds some 100 KiB. */
const MAX_HALF_OPEN = 512
/** The same from one address, so that none takes them all. */
const MAX_HALF_OPEN_OF_ONE = 256

/** Why there is no room for a session. */
export type Lack = 'limit' | 'half-open'

/**
 * Counts sessions against the limit. One that has connected counts for everybody. One that has not, so far, counts only
 * for offers from its own address: else who sends offers and never connects keeps everybody out.
 */
export class Slots {
  readonly #limit: number
  readonly #connected = new Set<SessionCore>()
  readonly #halfOpen = new Map<SessionCore, string>()

  /** @param limit - a positive integer or `Infinity` */
  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Whether another session finds room.
   *
   * @param address - where its offer comes from
   * @returns what lacks, or undefined when there is room
   */
  lack(address: string | undefined): Lack | undefined {
    const network = networkOf(address)
    const siblings = [...this.#halfOpen.values()].filter((other) => other === network).length
    if (this.#connected.size + siblings >= this.#limit) return 'limit'
    if (this.#halfOpen.size >= MAX_HALF_OPEN || siblings >= MAX_HALF_OPEN_OF_ONE) return 'half-open'
    return undefined
  }

  /**
   * Takes a session in, not connected yet.
   *
   * @param session - whose offer was accepted
   * @param address - where its offer came from
   */
  add(session: SessionCore, address: string | undefined): void {
    this.#halfOpen.set(session, networkOf(address))
  }

  /**
   * A session has connected.
   *
   * @param session - which
   * @returns whether there is room for it still
   */
  connect(session: SessionCore): boolean {
    if (this.#connected.has(session)) return true
    if (this.#connected.size >= this.#limit) return false
    this.#halfOpen.delete(session)
    this.#connected.add(session)
    return true
  }

  /** @param session - that has ended */
  delete(session: SessionCore): void {
    this.#halfOpen.delete(session)
    this.#connected.delete(session)
  }
}

/**
 * Whom an address belongs to. One host has a whole /64 of IPv6 addresses (RFC 4291, section 2.5.4), so these are taken together.
 *
 * @param address - undefined if unknown
 * @returns the same for all addresses of one host
 */
export function networkOf(address = 'unknown'): string {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return mapped ?? prefix64(address)
}

function prefix64(address: string): string {
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const rest = (tail ?? '').split(':').filter((group) => group !== '')
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length
  return [...groups, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...rest].slice(0, 4).join(':')
}
