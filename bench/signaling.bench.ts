// Parsing and formatting of messages. Run: node --import=@oxc-node/core/register bench/signaling.bench.ts
import { readFileSync } from 'node:fs'
import { isCandidate } from '../src/signaling/candidate.ts'
import { formatMessage, formatNotice, formatReceipt } from '../src/signaling/messages.ts'
import { parseOfferBody } from '../src/signaling/offer-body.ts'
import { parseOrigin } from '../src/signaling/sdp-origin.ts'
import { report } from './report.ts'

const sdp = readFileSync(new URL('../__test__/package/offer.sdp', import.meta.url), 'utf8')
const offer = JSON.stringify({ type: 'offer', sdp, webrtc_id: 'a'.repeat(32) })
const candidate = 'candidate:2393089663 1 udp 2122260223 192.0.2.1 63692 typ host generation 0 ufrag aB+/ network-id 1'
const trickled = JSON.stringify({
  type: 'ice-candidate',
  candidate: { candidate, sdpMid: '0', sdpMLineIndex: 0 },
  webrtc_id: 'a',
})
const longText = 'x'.repeat(65_536)
const bomb = `o=- ${'1 '.repeat(32_000)}`

await report('Messages', (bench) => {
  bench
    .add("an offer's body, from JSON", () => void parseOfferBody(JSON.parse(offer)))
    .add("a candidate's body, from JSON", () => void parseOfferBody(JSON.parse(trickled)))
    .add('a candidate', () => void isCandidate(candidate))
    .add("an offer's origin", () => void parseOrigin(sdp))
    .add('the origin of 64 KiB made to be slow', () => void parseOrigin(bomb))
    .add('fetch_output', () => void formatMessage({ type: 'fetch_output', data: [] }))
    .add('an error', () => void formatNotice('error', 'The voice could not be loaded'))
    .add('the receipt of 64 KiB', () => void formatReceipt(longText))
})
