import test from 'ava'
import { isLaterOffer, parseOrigin } from '../../src/signaling/sdp-origin.ts'

function sdp({ user = '-', id = '4611731400430051336', version = '2', print = 'sha-256 AA:BB' } = {}): string {
  return `v=0\r\no=${user} ${id} ${version} IN IP4 127.0.0.1\r\ns=-\r\na=fingerprint:${print}\r\n`
}

const first = parseOrigin(sdp())

test('a higher version of the same session with the same certificate is a later offer', (t) => {
  t.true(isLaterOffer(parseOrigin(sdp({ version: '3' })), first))
  t.true(isLaterOffer(parseOrigin(sdp({ version: '18446744073709551615', print: 'SHA-256 aa:bb' })), first))
})

const OTHERS = {
  'the same version': sdp(),
  'a lower version': sdp({ version: '1' }),
  'another session id': sdp({ version: '3', id: '1' }),
  'another user name': sdp({ version: '3', user: 'mallory' }),
  'another certificate': sdp({ version: '3', print: 'sha-256 AA:BC' }),
  'no certificate': sdp({ version: '3' }).replace(/a=fingerprint.*\r\n/, ''),
  'a second certificate': `${sdp({ version: '3' })}a=fingerprint:sha-256 CC:DD\r\n`,
  'a version that is no number': sdp({ version: 'x' }),
}
for (const [what, other] of Object.entries(OTHERS)) {
  test(`an offer with ${what} is none of the same session`, (t) => t.false(isLaterOffer(parseOrigin(other), first)))
}

test('without a first identity nothing is later', (t) => {
  t.false(isLaterOffer(parseOrigin(sdp({ version: '3' })), parseOrigin('v=0')))
})
