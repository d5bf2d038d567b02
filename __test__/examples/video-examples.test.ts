import anyTest from 'ava'
import type { TestFn } from 'ava'
import type { Browser, Page } from 'playwright-core'
import type { VideoFrame } from '../../src/index.ts'
import { mosaic } from '../../examples/video-filter/mosaic.ts'
import { drawFace } from '../../examples/avatar/face.ts'
import { drawBoxes, readBoxes } from '../../examples/object-detection/boxes.ts'
import { seeByAiortc } from '../helpers/aiortc.ts'
import { launchBrowser, openPage } from '../helpers/browser.ts'
import { runExample } from '../helpers/run-example.ts'
import { cameraFilm } from '../helpers/test-picture.ts'

type Context = { browser: Browser; removeFilm: () => Promise<void> }
const test = anyTest as TestFn<Context>

test.before(async (t) => {
  const film = await cameraFilm()
  t.context = { browser: await launchBrowser({ camera: film.path }), removeFilm: film.remove }
})
test.after.always(async (t) => {
  await t.context.browser?.close()
  await t.context.removeFilm?.()
})

async function start(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start' }).click()
  await page.locator('#state[data-state=connected]').waitFor()
}

/** Colours of places in the answer, each red, green and blue, once there is any. */
async function colours(page: Page, places: readonly (readonly [x: number, y: number])[]): Promise<number[][]> {
  return page.evaluate(`(async () => {
    const video = document.getElementById('remote')
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve))
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight)
    const context = canvas.getContext('2d', { willReadFrequently: true })
    context.drawImage(video, 0, 0)
    return ${JSON.stringify(places)}.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data.slice(0, 3)])
  })()`)
}

async function until(page: Page, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await page.waitForTimeout(50)
}

function distance(a: readonly number[] = [], b: readonly number[] = []): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? 0))))
}

test.serial('the filter makes a mosaic of the camera, with tiles as large as the slider says', async (t) => {
  const page = await openPage(t, t.context.browser, await runExample(t, 'video-filter'))
  await start(page)
  // Both are in one tile of 64 pixels, and of another colour in the picture itself: a square of the film and what is around.
  const places = [
    [76, 20],
    [100, 20],
  ] as const
  await page.getByLabel('Size of a tile').fill('64')
  await until(page, async () => {
    const [a, b] = await colours(page, places)
    return distance(a, b) < 12
  })
  await page.getByLabel('Size of a tile').fill('1')
  await until(page, async () => {
    const [a, b] = await colours(page, places)
    return distance(a, b) > 60
  })
  t.is(await page.getByRole('alert').count(), 0)
})

test.serial('the avatar opens its mouth when it hears something', async (t) => {
  const page = await openPage(t, t.context.browser, await runExample(t, 'avatar'))
  await start(page)
  // Below the middle of the mouth: skin while it is shut.
  const brightness = async (): Promise<number> => Math.max(...((await colours(page, [[160, 183]]))[0] ?? []))
  await until(page, async () => (await brightness()) < 80)
  await until(page, async () => (await brightness()) > 120)
  t.is(await page.getByRole('alert').count(), 0)
})

test.serial('the detector finds what is red, and says how much there is', async (t) => {
  const runtime = new URL('../helpers/onnx-stand-in.ts', import.meta.url).href
  const page = await openPage(t, t.context.browser, await runExample(t, 'object-detection', { ONNX_RUNTIME: runtime }))
  await start(page)
  // The film's red quarter. The box goes around it, so its edge is green.
  await until(page, async () => {
    const [red = 0, green = 0] = (await colours(page, [[1, 60]]))[0] ?? []
    return green > red + 60
  })
  const found = page.getByRole('group', { name: 'Things found' })
  await until(page, async () => Number((await found.textContent())?.match(/\d+$/)?.[0]) >= 1)
  t.is(await page.getByRole('alert').count(), 0)
})

test.serial('the film is shown to its end', async (t) => {
  const url = await runExample(t, 'film', { SECONDS: '3' })
  const { pictures, messages } = await seeByAiortc(url, { count: 1000 })
  t.true(pictures.length > 45, `${pictures.length} pictures`)
  t.like(pictures[0], { width: 640, height: 360 })
  t.true(messages.some(({ type, data }) => type === 'end_stream' && data === 'The end'))
})

function picture(width: number, height: number, at: (index: number) => number): VideoFrame<Uint8Array> {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, index) => at(index))
  return { width, height, format: 'rgb24', data, timestamp: 0 }
}

test('a tile has the mean of its pixels, at the edges too, and a tile of one changes nothing', (t) => {
  const frame = picture(3, 2, (index) => 10 * Math.floor(index / 3))
  t.deepEqual([...mosaic(frame, 2).data], [20, 20, 20, 20, 20, 20, 35, 35, 35, 20, 20, 20, 20, 20, 20, 35, 35, 35])
  t.deepEqual(mosaic(frame, 1).data, frame.data)
})

test('a face is as large as it says, and opens its mouth', (t) => {
  const at = (frame: VideoFrame<Uint8Array>, x: number, y: number): number[] => [
    ...frame.data.subarray(3 * (y * frame.width + x), 3 * (y * frame.width + x) + 3),
  ]
  const [shut, open] = [drawFace(0, [200, 180, 160], 1), drawFace(1, [200, 180, 160], 1)]
  t.is(shut.data.length, 3 * shut.width * shut.height)
  t.deepEqual(at(shut, 160, 185), [200, 180, 160])
  t.notDeepEqual(at(open, 160, 185), [200, 180, 160])
})

test('boxes are read of both kinds of output, and another kind is refused', (t) => {
  const heat = Float32Array.from([0, 0, 0, 0, 0.9, 0.9, 0, 0, 0.8, 0, 0, 0.7])
  t.deepEqual(readBoxes({ data: heat, dims: [1, 1, 3, 4] }, { width: 64, height: 48 }, 0.5), [
    { left: 0, top: 1 / 3, right: 0.5, bottom: 1 },
    { left: 0.75, top: 2 / 3, right: 1, bottom: 1 },
  ])
  const rows = Float32Array.from([10, 20, 30, 40, 0.9, 0, 1, 2, 3, 4, 0.1, 0])
  t.deepEqual(readBoxes({ data: rows, dims: [1, 2, 6] }, { width: 100, height: 100 }, 0.5), [
    { left: 0.1, top: 0.2, right: 0.3, bottom: 0.4 },
  ])
  t.throws(() => readBoxes({ data: rows, dims: [1, 84, 8400] }, { width: 1, height: 1 }, 0.5), {
    instanceOf: TypeError,
    message: /1 × 84 × 8400/,
  })
})

test('a box is drawn inside the picture, even when it reaches beyond', (t) => {
  const frame = picture(8, 8, () => 9)
  drawBoxes(frame, [{ left: -0.2, top: 0.5, right: 1.3, bottom: 2 }])
  t.deepEqual([...frame.data.subarray(3 * 4 * 8, 3 * 4 * 8 + 3)], [0, 220, 0])
  t.deepEqual([...frame.data.subarray(0, 3)], [9, 9, 9])
})
