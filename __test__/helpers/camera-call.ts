import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import type { Stream, StreamOptions, VideoFrame } from '../../src/index.ts'
import { servePages } from '../e2e/pages.ts'
import { openPage } from './browser.ts'
import type { CameraContext } from './camera.ts'
import { flip } from './flip.ts'
import { FLIPPED, readFrame } from './test-picture.ts'
import type { Seen } from './test-picture.ts'
import { watch } from './watch.ts'

const MEDIA = { bindAddress: '127.0.0.1' }

/** Flips what it gets, and keeps what was in it. */
export function watchingFlip(): {
  handler: (frame: VideoFrame<Uint8Array>) => VideoFrame
  seen: (Seen & { at: number })[]
} {
  const seen: (Seen & { at: number })[] = []
  const handler = (frame: VideoFrame<Uint8Array>): VideoFrame => {
    seen.push({ ...readFrame(frame), at: frame.timestamp })
    return flip(frame)
  }
  return { handler, seen }
}

/** A page on the client module, not yet connected, with a video element for what comes back. */
export async function clientPage(
  t: ExecutionContext<CameraContext>,
  options: Partial<StreamOptions>,
): Promise<{ page: Page; stream: Stream }> {
  const { browser, script } = t.context
  const { url, stream } = await servePages(t, { modality: 'video', media: MEDIA, ...options } as StreamOptions)
  const page = await openPage(t, browser, `${url}client.html`, { script })
  await page.click('#start')
  await page.evaluate(`for (const id of ['player', 'preview'])
    document.body.append(Object.assign(document.createElement('video'), { id }))`)
  return { page, stream }
}

/** Gives the page's next connection the name `pc`. */
export const KEEP_CONNECTION =
  'RTCPeerConnection = class extends RTCPeerConnection { constructor(c) { super(c); globalThis.pc = this } }'

/** With its pictures in the elements of the page. */
export function start(page: Page, options = ''): Promise<void> {
  return page.evaluate(`start({ media: true, player: document.querySelector('#player'),
    preview: document.querySelector('#preview'), ${options} })`)
}

/** Waits until pictures of the camera come back: before, an element may show a black one. */
export async function flows(page: Page): Promise<void> {
  while ((await watch(page, '#player', 1))[0]?.corners.join() !== FLIPPED.join());
}
