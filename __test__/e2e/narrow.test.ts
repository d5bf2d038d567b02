import { setTimeout as sleep } from 'node:timers/promises'
import { testWithCamera } from '../helpers/camera.ts'
import { clientPage, KEEP_CONNECTION, start } from '../helpers/camera-call.ts'
import { LossyRelay } from '../helpers/lossy-relay.ts'
import type { VideoFrame } from '../../src/index.ts'

const test = testWithCamera()

/** In bit/s: half of what is sent at first. */
const CARRIES = 300_000

/** The page offers nothing by which it could learn when packets were sent, so it can't say how much it gets: as Pion. */
const KNOW_NO_SEND_TIMES = `RTCPeerConnection.prototype.createOffer = ((original) => async function (...args) {
  const { type, sdp } = await original.apply(this, args)
  return { type, sdp: sdp.replaceAll(/a=extmap:.*abs-send-time\\r\\n/g, '') }
})(RTCPeerConnection.prototype.createOffer)`

/** Makes noise of a picture: no encoder makes that small, so that as much is sent as may be. */
function toNoise(frame: VideoFrame<Uint8Array>): VideoFrame {
  let state = frame.timestamp * 1e6
  for (let at = 0; at < frame.data.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    frame.data[at] = state >>> 24
  }
  return frame
}

for (const [who, edit] of [
  ['it says', ''],
  ['its arrivals show', KNOW_NO_SEND_TIMES],
] as const) {
  test.serial(`a page on a narrow network is sent what ${who} that it can get`, async (t) => {
    const { page, stream } = await clientPage(t, { handler: toNoise })
    const relay = await LossyRelay.before(t, page)
    relay.bitrate = CARRIES
    await page.evaluate(KEEP_CONNECTION)
    if (edit !== '') await page.evaluate(edit)
    await start(page)
    const answer = await page.evaluate<string>('pc.remoteDescription.sdp')
    t.is(answer.includes('abs-send-time'), edit === '')
    t.true(answer.includes('transport-wide-cc'))
    const [session] = stream.sessions.values()
    const bitrate = (): number => session?.stats().video?.bitrate ?? 0
    // Nothing is lost, so nothing else would lower it.
    while (bitrate() === 0 || bitrate() > CARRIES) await sleep(50)
    const rates: number[] = []
    const shown = (): Promise<number> =>
      page.evaluate(`document.querySelector('#player').getVideoPlaybackQuality().totalVideoFrames`)
    const before = await shown()
    for (let look = 0; look < 50; look++) {
      await sleep(100)
      rates.push(bitrate())
    }
    const pictures = (await shown()) - before
    t.log({ pictures, rates: rates.filter((_, index) => index % 5 === 0), video: session?.stats().video })
    t.true(Math.max(...rates) < 1.5 * CARRIES && Math.min(...rates) > 0.4 * CARRIES, rates.join())
    t.true(pictures > 10, `${pictures} pictures`)
    t.is(relay.counts.dropped, 0)
  })
}
