/** Pictures of one direction. What isn't known yet is undefined. */
export interface VideoStats {
  /** Pictures a second, of late. */
  readonly framesPerSecond: number | undefined
  /** In pixels. */
  readonly width: number | undefined
  /** In pixels. */
  readonly height: number | undefined
  /** Pictures so far. */
  readonly frames: number
}

/** How well a call goes. What isn't known yet is undefined. Packets are those of sound, where there is any. */
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
  /** What is sent of the camera or the screen; not there in a call without. */
  readonly videoSent?: VideoStats
  /** The server's pictures; not there in a call without. */
  readonly videoReceived?: VideoStats & {
    /** How often they stood still for noticeably longer than usual. */
    readonly freezes: number
  }
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
  readonly framesPerSecond?: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly framesSent?: number
  readonly framesDecoded?: number
  readonly freezeCount?: number
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
    const ofKind = (type: string, kind: string): Report | undefined =>
      all.find((s) => s.type === type && s.kind === kind)
    const main = (type: string): Report | undefined => ofKind(type, 'audio') ?? ofKind(type, 'video')
    const pair = all.find((s) => s.type === 'candidate-pair' && s.nominated === true && s.state === 'succeeded')
    const inbound = main('inbound-rtp')
    return {
      roundTripMs: milliseconds(pair?.currentRoundTripTime),
      lossHeard: this.#lossSince(inbound?.packetsLost ?? 0, inbound?.packetsReceived ?? 0),
      lossSent: main('remote-inbound-rtp')?.fractionLost,
      jitterMs: milliseconds(inbound?.jitter),
      packetsReceived: inbound?.packetsReceived ?? 0,
      packetsSent: main('outbound-rtp')?.packetsSent ?? 0,
      ...videoSent(ofKind('outbound-rtp', 'video')),
      ...videoReceived(ofKind('inbound-rtp', 'video')),
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

function videoSent(report: Report | undefined): Pick<CallStats, 'videoSent'> {
  return report ? { videoSent: videoOf(report, report.framesSent) } : {}
}

function videoReceived(report: Report | undefined): Pick<CallStats, 'videoReceived'> {
  if (!report) return {}
  return { videoReceived: { ...videoOf(report, report.framesDecoded), freezes: report.freezeCount ?? 0 } }
}

function videoOf({ framesPerSecond, frameWidth, frameHeight }: Report, frames = 0): VideoStats {
  return { framesPerSecond, width: frameWidth, height: frameHeight, frames }
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}
