import { readFileSync } from 'node:fs'
import test from 'ava'
import { askForStereo } from '../../src/client/webrtc/stereo.ts'

const OFFERS = new URL('../../crates/session/tests/offers/', import.meta.url)

function offer(name: string): string {
  return readFileSync(new URL(`${name}.sdp`, OFFERS), 'utf8').replace(/\r?\n/g, '\r\n')
}

test("stereo is asked for in Chromium's offer, for Opus and nothing else", (t) => {
  const before = offer('chromium').split('\r\n')
  const after = askForStereo(offer('chromium')).split('\r\n')
  const changed = after.filter((line, index) => line !== before[index])
  t.deepEqual(changed, ['a=fmtp:111 minptime=10;useinbandfec=1;stereo=1'])
  t.is(after.length, before.length)
})

test('an offer that says something about stereo stays as it is', (t) => {
  t.is(askForStereo(offer('firefox')), offer('firefox'))
  const mono = offer('chromium').replace('useinbandfec=1', 'useinbandfec=1;stereo=0')
  t.is(askForStereo(mono), mono)
})

test('Opus without parameters gets some, behind its name', (t) => {
  const asked = askForStereo('m=audio 9 X 96\r\na=rtpmap:96 opus/48000/2\r\na=sendrecv\r\n')
  t.is(asked, 'm=audio 9 X 96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 stereo=1\r\na=sendrecv\r\n')
})

test('what speaks no Opus is not changed', (t) => {
  for (const sdp of ['', 'v=0\r\n', 'a=rtpmap:0 PCMU/8000\r\n', 'a=rtpmap:63 red/48000/2\r\n']) {
    t.is(askForStereo(sdp), sdp)
  }
})
