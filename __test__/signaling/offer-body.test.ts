import test from 'ava'
import { InvalidRequestError } from '../../src/index.ts'
import { parseOfferBody } from '../../src/signaling/offer-body.ts'

const OFFER = { type: 'offer', sdp: 'v=0', webrtc_id: 'abc' }
const CANDIDATE = { type: 'ice-candidate', webrtc_id: 'abc', candidate: { candidate: 'candidate:1' } }

test('an offer is read, and fields that are not known are ignored', (t) => {
  t.deepEqual(parseOfferBody({ ...OFFER, more: 1 }), { kind: 'offer', webrtcId: 'abc', sdp: 'v=0' })
})

test('a candidate is read with its m-line or without', (t) => {
  const read = { kind: 'candidate', webrtcId: 'abc', candidate: 'candidate:1' } as const
  t.deepEqual(parseOfferBody(CANDIDATE), { ...read, sdpMid: undefined, sdpMLineIndex: undefined })
  const init = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'abcd' }
  t.deepEqual(parseOfferBody({ ...CANDIDATE, candidate: init }), { ...read, sdpMid: '0', sdpMLineIndex: 0 })
  const nulls = { candidate: 'candidate:1', sdpMid: null, sdpMLineIndex: null }
  t.deepEqual(parseOfferBody({ ...CANDIDATE, candidate: nulls }), {
    ...read,
    sdpMid: undefined,
    sdpMLineIndex: undefined,
  })
})

test('a withdrawal is read with the session of its offer', (t) => {
  t.deepEqual(parseOfferBody({ type: 'withdraw', webrtc_id: 'abc', offer_session: '42' }), {
    kind: 'withdrawal',
    webrtcId: 'abc',
    offerSession: '42',
  })
})

const WRONG: [field: string, body: unknown][] = [
  ['', 'v=0'],
  ['', null],
  ['', []],
  ['type', { sdp: 'v=0', webrtc_id: 'abc' }],
  ['type', { ...OFFER, type: 'answer' }],
  ['sdp', { type: 'offer', webrtc_id: 'abc' }],
  ['sdp', { ...OFFER, sdp: 7 }],
  ['webrtc_id', { type: 'offer', sdp: 'v=0' }],
  ['webrtc_id', { ...OFFER, webrtc_id: 7 }],
  ['webrtc_id', { ...OFFER, webrtc_id: '' }],
  ['webrtc_id', { ...OFFER, webrtc_id: 'x'.repeat(257) }],
  ['webrtc_id', { ...OFFER, webrtc_id: 'a\nsession b: closed' }],
  ['webrtc_id', { ...OFFER, webrtc_id: 'a\u2028b' }],
  ['webrtc_id', { type: 'ice-candidate', candidate: { candidate: '' } }],
  ['offer_session', { type: 'withdraw', webrtc_id: 'abc' }],
  ['offer_session', { type: 'withdraw', webrtc_id: 'abc', offer_session: 42 }],
  ['webrtc_id', { type: 'withdraw', offer_session: '42' }],
  ['type', { ...OFFER, type: 'constructor' }],
  ['candidate', { type: 'ice-candidate', webrtc_id: 'abc' }],
  ['candidate', { ...CANDIDATE, candidate: 'candidate:1' }],
  ['candidate.candidate', { ...CANDIDATE, candidate: {} }],
  ['candidate.sdpMid', { ...CANDIDATE, candidate: { candidate: '', sdpMid: 0 } }],
  ['candidate.sdpMLineIndex', { ...CANDIDATE, candidate: { candidate: '', sdpMLineIndex: '0' } }],
  ['candidate.sdpMLineIndex', { ...CANDIDATE, candidate: { candidate: '', sdpMLineIndex: -1 } }],
]
for (const [field, body] of WRONG) {
  test(`${JSON.stringify(body)?.slice(0, 120)} is refused with status 422, naming '${field}'`, (t) => {
    const error = t.throws(() => parseOfferBody(body), { instanceOf: InvalidRequestError })
    t.is(error.status, 422)
    t.is(error.field, field)
    t.true(error.message.includes(field), error.message)
  })
}
