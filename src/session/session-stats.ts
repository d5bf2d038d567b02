import type { MediaLink, MediaStats } from '../native/media-link.ts'

/** Counters and queue depths of a session. */
export type SessionStats = MediaStats

const NOTHING_YET: Readonly<SessionStats> = {
  packetsIn: 0,
  bytesIn: 0,
  packetsOut: 0,
  bytesOut: 0,
  lost: 0,
  late: 0,
  duplicate: 0,
  concealed: 0,
  fecRecovered: 0,
  synthesised: 0,
  restarts: 0,
  undecodable: 0,
  refused: 0,
  jitterMs: 0,
  reorderAllowanceMs: 0,
  driftPpm: 0,
  roundTripMs: -1,
  inputDropped: 0,
  outputDropped: 0,
  fractionLostByPeer: 0,
  expectedLoss: 0,
  bitrate: 0,
  underruns: 0,
  cushionMs: 0,
  inputQueueMs: 0,
  outputQueueMs: 0,
}

/**
 * Statistics of a session that may have no media yet.
 *
 * @param link - its media
 * @returns a fresh object
 */
export function readStats(link: MediaLink | undefined): SessionStats {
  return link === undefined ? { ...NOTHING_YET } : link.stats()
}
