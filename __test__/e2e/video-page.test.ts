import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import type { StreamOptions, VideoEmitType } from '../../src/index.ts'
import { AudioVideoEcho } from '../helpers/audio-video-echo.ts'
import { openPage } from '../helpers/browser.ts'
import type { PageOptions } from '../helpers/browser.ts'
import { testWithCamera } from '../helpers/camera.ts'
import type { CameraContext } from '../helpers/camera.ts'
import { flip } from '../helpers/flip.ts'
import { serve } from '../helpers/serve.ts'
import { CAMERA, FLIPPED, testPicture, UPRIGHT } from '../helpers/test-picture.ts'
import { watch } from '../helpers/watch.ts'

const test = testWithCamera()

const VIDEO = { handler: flip, modality: 'video' } as const

async function videoPage(
  t: ExecutionContext<CameraContext>,
  options: Partial<StreamOptions> = VIDEO,
  pageOptions: PageOptions = {},
): Promise<Page> {
  const { url } = await serve(t, options)
  const { browser, script } = t.context
  return openPage(t, browser, url, { ...pageOptions, script: script + (pageOptions.script ?? '') })
}

async function start(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start' }).click()
  await page.locator('#state[data-state=connected]').waitFor()
}

async function until(page: Page, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await page.waitForTimeout(20)
}

/** Waits until an element shows a picture whose corners are these. */
async function shows(page: Page, selector: string, corners: readonly (string | undefined)[]): Promise<void> {
  await until(page, async () => (await watch(page, selector, 1))[0]?.corners.join() === corners.join())
}

test.serial('a click shows the camera and what the server made of it, with size and rate', async (t) => {
  const page = await videoPage(t)
  await page.getByLabel('Microphone').waitFor({ state: 'hidden' })
  await page.getByRole('meter', { name: 'Sent' }).waitFor({ state: 'hidden' })
  await start(page)
  await shows(page, '#remote', FLIPPED)
  await shows(page, '#preview', UPRIGHT)
  await until(page, async () => (await page.locator('#picture-size').textContent()) === '320 × 240')
  await until(page, async () => Number(await page.locator('#picture-rate').textContent()) > 0)
  await page.getByRole('button', { name: 'Stop' }).click()
  await until(page, async () => page.getByText('Pictures show up here.').isVisible())
  await t.notThrowsAsync(page.locator('#preview').waitFor({ state: 'hidden' }))
})

/** The page learns what the server is for only after the first click. */
const SLOW_CONFIGURATION = `{
  const fetched = fetch
  const clicked = new Promise((resolve) => addEventListener('click', resolve, { once: true, capture: true }))
  window.fetch = async (...request) => {
    if (String(request[0]).endsWith('webrtc/config')) await clicked
    return fetched(...request)
  }
}`

test.serial('who presses start before the page knows what it is for sees the pictures all the same', async (t) => {
  const page = await videoPage(t, VIDEO, { script: SLOW_CONFIGURATION })
  await start(page)
  await shows(page, '#remote', FLIPPED)
  await shows(page, '#preview', UPRIGHT)
  t.is(await page.getByRole('alert').count(), 0)
})

test.serial('cameras can be chosen by name once the page may use one', async (t) => {
  const page = await videoPage(t)
  await start(page)
  const choice = page.getByLabel('Camera', { exact: true })
  await choice.locator('option').nth(1).waitFor({ state: 'attached' })
  await choice.selectOption({ index: 1 })
  await shows(page, '#remote', FLIPPED)
  t.is(await page.getByRole('alert').count(), 0)
})

test.serial('the camera can be turned off and on', async (t) => {
  const page = await videoPage(t)
  await start(page)
  await shows(page, '#remote', FLIPPED)
  await page.getByRole('button', { name: 'Camera off' }).click()
  t.is(await page.getByRole('button', { name: 'Camera off', pressed: true }).count(), 1)
  await shows(page, '#remote', [undefined, undefined, undefined, undefined])
  await page.getByRole('button', { name: 'Camera off' }).click()
  await shows(page, '#remote', FLIPPED)
  t.is(await page.getByRole('button', { name: 'Camera off', pressed: false }).count(), 1)
})

/** In place of the browser's own choice of screens, for which there may be none: a canvas, or a refusal. */
const SCREEN = `navigator.mediaDevices.getDisplayMedia = async () => {
  if (globalThis.refusesScreen) throw new DOMException('Permission denied', 'NotAllowedError')
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 })
  const context = canvas.getContext('2d')
  setInterval(() => { context.fillStyle = 'rgb(0, 200, 0)'; context.fillRect(0, 0, 320, 240) }, 50)
  return (globalThis.screenStream = canvas.captureStream(20))
}`
const GREEN = ['green', 'green', 'green', 'green']

test.serial('the screen is shared in place of the camera, until the person ends it', async (t) => {
  const page = await videoPage(t, VIDEO, { script: SCREEN })
  await start(page)
  const button = page.getByRole('button', { name: 'Share screen' })
  await button.click()
  await shows(page, '#remote', GREEN)
  t.is(await button.getAttribute('aria-pressed'), 'true')
  await button.click()
  await shows(page, '#remote', FLIPPED)
  t.is(await button.getAttribute('aria-pressed'), 'false')
  await button.click()
  await shows(page, '#remote', GREEN)
  await page.evaluate("screenStream.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
  await shows(page, '#remote', FLIPPED)
  t.is(await button.getAttribute('aria-pressed'), 'false')
})

test.serial('a call may begin with the screen, and a person who chooses none is told so', async (t) => {
  const page = await videoPage(t, VIDEO, { script: SCREEN })
  await page.getByRole('button', { name: 'Share screen' }).click()
  await page.evaluate('globalThis.refusesScreen = true')
  await page.getByRole('button', { name: 'Start' }).click()
  await until(page, async () => /screen is not shared/.test((await page.getByRole('alert').textContent()) ?? ''))
  t.is(await page.getByRole('status').textContent(), 'Not connected')
  await page.evaluate('globalThis.refusesScreen = false')
  await start(page)
  await shows(page, '#remote', GREEN)
  t.is(await page.getByRole('alert').count(), 0)
})

test.serial('the pictures go to full screen and back', async (t) => {
  const page = await videoPage(t)
  await start(page)
  await page.getByRole('button', { name: 'Full screen' }).click()
  await page.getByRole('button', { name: 'Leave full screen' }).waitFor()
  t.is(await page.evaluate('document.fullscreenElement?.id'), 'pictures')
  await page.getByRole('button', { name: 'Leave full screen' }).click()
  await page.getByRole('button', { name: 'Full screen', exact: true }).waitFor()
  t.is(await page.evaluate('document.fullscreenElement'), null)
})

test.serial('what is wrong with the camera is told in plain words', async (t) => {
  const page = await videoPage(t)
  for (const [name, words] of [
    ['NotAllowedError', /may not use the camera.+settings/],
    ['NotFoundError', /No camera was found/],
    ['NotReadableError', /another program may be using it/],
  ] as const) {
    await page.evaluate(`navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', '${name}') }`)
    await page.getByRole('button', { name: 'Start' }).click()
    await until(page, async () => words.test((await page.getByRole('alert').textContent()) ?? ''))
  }
  t.is(await page.getByRole('status').textContent(), 'Not connected')
})

test.serial('the keyboard alone reaches every control', async (t) => {
  const page = await videoPage(t)
  // Which the page shows once it knows what the server is for.
  await page.getByRole('button', { name: 'Full screen' }).waitFor()
  const names: string[] = []
  for (let presses = 0; presses < 5; presses++) {
    await page.keyboard.press('Tab')
    names.push(await page.evaluate('document.activeElement.id'))
    if (names.at(-1) !== 'toggle') continue
    await page.keyboard.press('Enter')
    await page.locator('#state[data-state=connected]').waitFor()
  }
  t.deepEqual(names, ['full-screen', 'toggle', 'camera-off', 'screen', 'camera'])
})

test.serial('in receive mode it shows the film without asking for a camera', async (t) => {
  const page = await videoPage(t, { handler: drawnFilm, modality: 'video', mode: 'receive' })
  await page.evaluate('navigator.mediaDevices.getUserMedia = () => document.body.append("asked")')
  for (const name of ['Camera off', 'Share screen']) t.false(await page.getByRole('button', { name }).isVisible())
  await start(page)
  await shows(page, '#remote', UPRIGHT)
  t.is(await page.getByText('asked').count(), 0)
})

test.serial('in send mode it shows the camera, large', async (t) => {
  const page = await videoPage(t, { handler: () => null, modality: 'video', mode: 'send' })
  await start(page)
  await shows(page, '#preview', UPRIGHT)
  const [preview, area] = [await page.locator('#preview').boundingBox(), await page.locator('#pictures').boundingBox()]
  t.is(Math.round(preview?.width ?? 0), Math.round(area?.width ?? -1))
  t.false(await page.locator('#remote').isVisible())
})

test.serial('sound and pictures go both ways at once', async (t) => {
  const page = await videoPage(t, { handler: new AudioVideoEcho() })
  await start(page)
  await shows(page, '#remote', UPRIGHT)
  for (const side of ['sent', 'heard']) {
    await until(page, async () => Number(await page.locator(`#${side}-meter`).getAttribute('aria-valuenow')) > 50)
  }
  t.true(await page.getByLabel('Microphone').isVisible())
  t.true(await page.getByLabel('Camera', { exact: true }).isVisible())
})

for (const colorScheme of ['light', 'dark'] as const) {
  test.serial(`on a phone nothing is wider than its screen, in the ${colorScheme} theme`, async (t) => {
    const viewport = { width: 360, height: 740 }
    const page = await videoPage(t, { handler: new AudioVideoEcho() }, { colorScheme, viewport, hasTouch: true })
    await start(page)
    await shows(page, '#remote', UPRIGHT)
    t.is(await page.evaluate('document.documentElement.scrollWidth'), 360)
    const stop = await page.getByRole('button', { name: 'Stop' }).boundingBox()
    t.true((stop?.y ?? 1e9) + (stop?.height ?? 0) < 740, 'the picture and the button fit on the screen')
  })
}

/** The camera's film, drawn by the server. */
function* drawnFilm(): Generator<VideoEmitType> {
  for (let index = 0; index < 600; index++) {
    yield {
      width: CAMERA.width,
      height: CAMERA.height,
      format: 'i420',
      data: testPicture(index),
      timestamp: index / 30,
    }
  }
}
