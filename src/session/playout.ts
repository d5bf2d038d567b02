import { type Clock, realClock } from '../native/clock.ts'

/** How long a payload plays, in ms. */
const PAYLOAD_MS = 20
/** By so much more than what is sent ahead may wait at the far end, in ms: the media engine and the event loop are early and late. */
const MARGIN_MS = 40
/** The square of a sample 50 dB below full scale: what is fainter on average is noise of a room. */
const QUIET = 10_737

/**
 * What a far end has yet to play that plays all it gets, in order and without gaps: a phone provider, or a page that knows no
 * better. What was held up reaches it in a burst, after it had run dry; and everything after that would wait for the burst to be
 * played, for the rest of the call. So quiet payloads are left out until no more waits than is sent ahead anyway.
 */
export class Playout {
  readonly #mostMs: number
  readonly #clock: Clock
  #endsAt = 0

  /**
   * @param leadMs - how far ahead of real time audio is sent
   * @param clock - what time is
   */
  constructor(leadMs: number, clock: Clock = realClock) {
    this.#mostMs = leadMs + MARGIN_MS
    this.#clock = clock
  }

  /**
   * A payload is due.
   *
   * @param payload - 20 ms of µ-law
   * @returns whether it is to be sent
   */
  takes(payload: Uint8Array): boolean {
    const now = this.#clock.now()
    if (this.#endsAt - now > this.#mostMs && isQuiet(payload)) return false
    this.#endsAt = Math.max(this.#endsAt, now) + PAYLOAD_MS
    return true
  }

  /** The far end dropped what it had. */
  cleared(): void {
    this.#endsAt = 0
  }
}

function isQuiet(payload: Uint8Array): boolean {
  let power = 0
  for (const code of payload) power += POWERS[code & 0x7f] as number
  return power <= QUIET * payload.length
}

/** The squares of what µ-law codes mean (ITU-T G.711, table 2a), without their signs. */
const POWERS = Float64Array.from({ length: 128 }, (_, code) => {
  const inverted = ~code & 0x7f
  return (((((inverted & 0x0f) << 3) + 0x84) << (inverted >> 4)) - 0x84) ** 2
})
