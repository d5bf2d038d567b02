import { AudioVideoEcho } from '../helpers/audio-video-echo.ts'
import { openPage } from '../helpers/browser.ts'
import { testWithCamera } from '../helpers/camera.ts'
import { servePages } from './pages.ts'

const test = testWithCamera()

/** Within this nobody sees that lips and voice differ, in ms. */
const IN_STEP_MS = 40
/** Looks in a row whose median counts: a busy browser shows single pictures late. */
const LOOKS = 10

/**
 * How much further the sound is that the page plays than the picture that it shows, in ms of our clock, which our sender
 * reports tell; `null` while it doesn't know them. That they tell the truth is for crates/session/tests/video.rs to find out.
 */
const DISTANCE = `pc.getStats().then((stats) => {
  const at = (kind) => [...stats.values()].find((one) => one.type === 'inbound-rtp' && one.kind === kind)
    ?.estimatedPlayoutTimestamp
  const [sound, picture] = [at('audio'), at('video')]
  return sound === undefined || picture === undefined ? null : sound - picture
})`

test.serial('Chromium plays the sound and shows the pictures of a moment at a time', async (t) => {
  const { browser } = t.context
  const handler = new AudioVideoEcho({ inputSampleRate: 48_000, outputSampleRate: 48_000 })
  const { url } = await servePages(t, { handler, modality: 'audio-video', media: { bindAddress: '127.0.0.1' } })
  const page = await openPage(t, browser, `${url}client.html`)
  await page.click('#start')
  await page.evaluate(`document.body.append(Object.assign(document.createElement('video'), { id: 'player' }));
    RTCPeerConnection = class extends RTCPeerConnection { constructor(c) { super(c); globalThis.pc = this } }`)
  await page.evaluate("start({ media: { audio: true, video: true }, player: document.querySelector('#player') })")
  const seen: number[] = []
  const middle = (): number => seen.slice(-LOOKS).sort((a, b) => a - b)[LOOKS >> 1] ?? Infinity
  // A browser comes into step by so many milliseconds a second; one that can't never does, and the test runs out of time.
  while (!(Math.abs(middle()) <= IN_STEP_MS)) {
    await page.waitForTimeout(100)
    const distance = await page.evaluate<number | null>(DISTANCE)
    if (distance !== null) seen.push(distance)
  }
  t.log({ looks: seen.length, inStepMs: middle(), furthestMs: Math.max(...seen.map(Math.abs)) })
  t.true(Math.abs(middle()) <= IN_STEP_MS)
})
