import { readFileSync } from 'node:fs'

const SDP = readFileSync(new URL('../package/offer.sdp', import.meta.url), 'utf8')
  .trimEnd()
  .split(/\r?\n/)

/** How an offer differs from the one that Chromium makes. */
export interface OfferEdits {
  /** Of the `o=` line; 2 at first, and one more with each later offer of a session. */
  readonly version?: number
  /** Of the `o=` line. */
  readonly sessionId?: string
  /** Replaces a part of the text. */
  readonly replace?: readonly [from: string | RegExp, to: string]
}

/** A session description as Chromium makes it, for audio and a data channel, without candidates. */
export function offerSdp({
  version = 2,
  sessionId = '7793044990739619166',
  replace = ['', ''],
}: OfferEdits = {}): string {
  const origin = `o=- ${sessionId} ${version} IN IP4 127.0.0.1`
  const lines = SDP.map((line) => (line.startsWith('o=') ? origin : line))
  return `${lines.join('\r\n')}\r\n`.replace(...replace)
}

/** The body of an offer that nobody will ever connect by. */
export function offerBody(id: string, edits: OfferEdits = {}): { type: 'offer'; sdp: string; webrtc_id: string } {
  return { type: 'offer', sdp: offerSdp(edits), webrtc_id: id }
}
