/** How well a call goes. What isn't known yet is undefined. */
export interface CallStats {
  /** Milliseconds to the server and back. */
  readonly roundTripMs: number | undefined
  /** Part of the packets from the server that got lost since the last reading, 0 to 1. */
  readonly lossHeard: number | undefined
  /** Part of our packets that got lost on their way to the server, by its latest report, 0 to 1. */
  readonly lossSent: number | undefined
  /** Variation of the delay of packets from the server, in milliseconds. */
  readonly jitterMs: number | undefined
  /** Packets from the server so far. */
  readonly packetsReceived: number
  /** Packets to the server so far. */
  readonly packetsSent: number
}

/** The members of the browser's statistics that are read (Identifiers for WebRTC's Statistics API). */
interface Report {
  readonly type: string
  readonly kind?: string
  readonly nominated?: boolean
  readonly state?: string
  readonly currentRoundTripTime?: number
  readonly fractionLost?: number
  readonly jitter?: number
  readonly packetsLost?: number
  readonly packetsReceived?: number
  readonly packetsSent?: number
}

/** Reads the statistics of one peer connection. */
export class StatsReader {
  #lost = 0
  #received = 0

  /**
   * @param report - what `RTCPeerConnection.getStats` gave
   * @returns the figures a person cares for
   */
  read(report: Iterable<readonly [string, Report]>): CallStats {
    const all = [...report].map(([, stats]) => stats)
    const audio = (type: string): Report | undefined => all.find((s) => s.type === type && s.kind === 'audio')
    const pair = all.find((s) => s.type === 'candidate-pair' && s.nominated === true && s.state === 'succeeded')
    const inbound = audio('inbound-rtp')
    return {
      roundTripMs: milliseconds(pair?.currentRoundTripTime),
      lossHeard: this.#lossSince(inbound?.packetsLost ?? 0, inbound?.packetsReceived ?? 0),
      lossSent: audio('remote-inbound-rtp')?.fractionLost,
      jitterMs: milliseconds(inbound?.jitter),
      packetsReceived: inbound?.packetsReceived ?? 0,
      packetsSent: audio('outbound-rtp')?.packetsSent ?? 0,
    }
  }

  #lossSince(lost: number, received: number): number | undefined {
    // A duplicate makes the count of lost packets fall (RFC 3550, section 6.4.1).
    const newlyLost = Math.max(0, lost - this.#lost)
    const expected = newlyLost + received - this.#received
    this.#lost = lost
    this.#received = received
    return expected > 0 ? newlyLost / expected : undefined
  }
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}
