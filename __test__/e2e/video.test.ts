import { once } from 'node:events'
import { testWithCamera } from '../helpers/camera.ts'
import { clientPage, flows, KEEP_CONNECTION, start, watchingFlip } from '../helpers/camera-call.ts'
import { flip } from '../helpers/flip.ts'
import { isWholeDespite } from '../helpers/lossy-camera.ts'
import { type Drop, LossyRelay } from '../helpers/lossy-relay.ts'
import { FLIPPED, numberOf, UPRIGHT } from '../helpers/test-picture.ts'
import { watch } from '../helpers/watch.ts'

const test = testWithCamera()

test.serial('a page sees its camera come back as the function made it, and its preview as it is', async (t) => {
  const { handler, seen } = watchingFlip()
  const { page } = await clientPage(t, { handler })
  await start(page)
  await flows(page)
  const pictures = await watch(page, '#player', 40)
  for (const picture of pictures) t.deepEqual(picture.corners, FLIPPED)
  t.deepEqual((await watch(page, '#preview', 1))[0]?.corners, UPRIGHT)
  t.deepEqual(seen.at(-1)?.corners, UPRIGHT)
  t.true(new Set(pictures.map(numberOf)).size > 10, 'it moves')
})

for (const loss of [0, 0.02, 0.1]) {
  test.serial(`with ${loss * 100} % of the packets lost in both directions no picture is smeared`, (t) =>
    isWholeDespite(t, loss),
  )
}

test.serial('a loss that no retransmission mends is mended by a key frame', async (t) => {
  const { handler, seen } = watchingFlip()
  const { page, stream } = await clientPage(t, { handler })
  const relay = await LossyRelay.before(t, page)
  await page.evaluate(KEEP_CONNECTION)
  await start(page)
  await flows(page)
  const codecs = await page.evaluate<RTCRtpCodecParameters[]>('pc.getSenders()[0].getParameters().codecs')
  const vp8 = codecs.find(({ mimeType }) => mimeType === 'video/VP8')?.payloadType
  const [session] = stream.sessions.values()
  const keyFrames = (): number => session?.stats().video?.keyFramesIn ?? 0
  const before = keyFrames()
  relay.drop = onePictureAndItsRepairs(vp8)
  const lostAfter = seen.length
  await watch(page, '#player', 60)
  const gaps = seen.slice(lostAfter).map(({ at }, index) => at - (seen[lostAfter + index - 1]?.at ?? at))
  t.log({ longest: Math.max(...gaps), keyFrames: keyFrames() - before })
  t.true(keyFrames() > before, 'a key frame was asked for and came')
  t.deepEqual(
    seen.filter((picture) => numberOf(picture) === undefined),
    [],
    'and nothing was shown of what it replaced',
  )
  // In stream time, which the test's machine can't stretch: what the sender took to make one is part of it.
  t.true(Math.max(...gaps) < 0.5, `${Math.max(...gaps)} s without a picture`)
})

/** Loses the next packet of a picture to the server, and all that is sent again. */
function onePictureAndItsRepairs(picture: number | undefined): Drop {
  let isLost = false
  return ({ to, isRtcp, payloadType }) => {
    if (to !== 'server' || isRtcp) return false
    const isFirst = payloadType === picture && !isLost
    isLost ||= isFirst
    return isFirst || payloadType !== picture
  }
}

/** Has the page offer its video in three sizes (RFC 8853), the full one first. */
const OFFER_SIMULCAST = `RTCPeerConnection.prototype.addTransceiver = ((original) => function (track, init) {
  const layers = ['f', 'h', 'q'].map((rid, index) => ({ rid, scaleResolutionDownBy: 2 ** index }))
  const isVideo = track === 'video' || track.kind === 'video'
  return original.call(this, track, isVideo ? { ...init, sendEncodings: layers } : init)
})(RTCPeerConnection.prototype.addTransceiver)`

test.serial('of a page that offers simulcast the first size is taken', async (t) => {
  const { handler, seen } = watchingFlip()
  const { page } = await clientPage(t, { handler })
  await page.evaluate(KEEP_CONNECTION)
  await page.evaluate(OFFER_SIMULCAST)
  await start(page)
  await flows(page)
  const pictures = await watch(page, '#player', 30)
  t.regex(await page.evaluate<string>('pc.localDescription.sdp'), /a=simulcast:send f;h;q/)
  t.notRegex(await page.evaluate<string>('pc.remoteDescription.sdp'), /simulcast|a=rid/)
  for (const { corners } of pictures) t.deepEqual(corners, FLIPPED)
  t.deepEqual(seen.at(-1)?.corners, UPRIGHT)
  t.deepEqual(
    seen.filter((picture) => numberOf(picture) === undefined),
    [],
  )
})

test.serial('black pictures, a screen and the camera again are sent without a new offer', async (t) => {
  const { handler, seen } = watchingFlip()
  const { page } = await clientPage(t, { handler })
  await start(page)
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await page.waitForTimeout(20)
  }
  await until(() => seen.at(-1)?.corners.join() === UPRIGHT.join())
  await page.evaluate('call.muteVideo()')
  await until(() => seen.at(-1)?.numbers.join() === '0,0,0,0' && seen.at(-1)?.corners[0] === undefined)
  await page.evaluate('call.muteVideo(false)')
  await until(() => seen.at(-1)?.corners.join() === UPRIGHT.join())
  await page.evaluate('call.shareScreen()')
  t.is(await page.evaluate('call.videoSource'), 'screen')
  await until(() => seen.at(-1)?.corners.join() !== UPRIGHT.join())
  await page.evaluate('call.useCamera()')
  t.is(await page.evaluate('call.videoSource'), 'camera')
  await until(() => seen.at(-1)?.corners.join() === UPRIGHT.join())
  t.pass()
})

test.serial('when the person ends the sharing, the camera is sent again', async (t) => {
  const { page } = await clientPage(t, { handler: flip })
  await start(page, "videoSource: 'camera'")
  await page.evaluate(`call.shareScreen().then(() => {
    const ended = new Promise((resolve) => call.on('screenended', resolve))
    call.videoTrack.stop()
    call.videoTrack.dispatchEvent(new Event('ended'))
    return ended
  })`)
  t.is(await page.evaluate('call.videoSource'), 'camera')
  t.is(await page.evaluate('call.videoTrack.readyState'), 'live')
})

test.serial(
  "the client module sends pictures with the server's rtpParams and trackConstraints, and tells of them",
  async (t) => {
    const rtpParams = { maxBitrate: 300_000, maxFramerate: 10, scaleResolutionDownBy: 2, priority: 'high' } as const
    const trackConstraints = { video: { frameRate: 15 } }
    const { page } = await clientPage(t, { handler: flip, rtpParams, trackConstraints })
    await page.evaluate(KEEP_CONNECTION)
    await start(page)
    t.like(await page.evaluate('pc.getSenders()[0].getParameters().encodings[0]'), rtpParams)
    t.is(await page.evaluate('call.videoTrack.getSettings().frameRate'), 15)
    await watch(page, '#player', 20)
    const stats = await page.evaluate<Record<string, { width: number; framesPerSecond: number }>>('call.stats()')
    t.is(stats['videoSent']?.width, 160)
    t.is(stats['videoReceived']?.width, 160)
    t.true((stats['videoReceived']?.framesPerSecond ?? 99) <= 15)
  },
)

test.serial('what the person sees ends with the call, and so does the camera', async (t) => {
  const { page, stream } = await clientPage(t, { handler: flip })
  await start(page)
  await watch(page, '#player', 5)
  await page.evaluate('globalThis.track = call.videoTrack')
  const closed = once(stream, 'session:closed')
  await page.evaluate('call.close()')
  await closed
  t.is(await page.evaluate('track.readyState'), 'ended')
  t.deepEqual(await page.evaluate("['#player', '#preview'].map((id) => document.querySelector(id).srcObject)"), [
    null,
    null,
  ])
})
