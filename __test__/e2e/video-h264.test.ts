import type { Page } from 'playwright-core'
import { testWithCamera } from '../helpers/camera.ts'
import { KEEP_CONNECTION } from '../helpers/camera-call.ts'
import { hasH264 } from '../helpers/h264.ts'
import { isWholeDespite } from '../helpers/lossy-camera.ts'

const test = testWithCamera()
const withH264 = hasH264() ? test.serial : test.serial.skip

/** Has the page offer its video as H.264 alone. */
const OFFER_H264 = `RTCPeerConnection.prototype.addTransceiver = ((original) => function (...args) {
  const transceiver = original.apply(this, args)
  const { codecs } = RTCRtpReceiver.getCapabilities('video')
  if (transceiver.receiver.track.kind === 'video')
    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /h264|rtx/i.test(mimeType)))
  return transceiver
})(RTCPeerConnection.prototype.addTransceiver)`

/** The codecs of the pictures that the page sends and gets. */
const CODECS = `pc.getStats().then((stats) => [...stats.values()]
  .filter(({ type, kind }) => /^(in|out)bound-rtp$/.test(type) && kind === 'video')
  .map(({ codecId }) => stats.get(codecId)?.mimeType))`

async function offerH264(page: Page): Promise<void> {
  await page.evaluate(KEEP_CONNECTION)
  await page.evaluate(OFFER_H264)
}

for (const loss of [0, 0.02, 0.1]) {
  withH264(`over H.264 with ${loss * 100} % of the packets lost in both directions no picture is smeared`, (t) =>
    isWholeDespite(t, loss, {
      before: offerH264,
      meanwhile: async (page) => void t.deepEqual(await page.evaluate(CODECS), ['video/H264', 'video/H264']),
    }),
  )
}
