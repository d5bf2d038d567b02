import anyTest from 'ava'
import type { TestFn } from 'ava'
import type { Browser } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { cameraFilm } from './test-picture.ts'
import { watchScript } from './watch.ts'

/** What the tests of a file share that have a browser with a camera. */
export interface CameraContext {
  /** Its camera shows the tests' film. */
  readonly browser: Browser
  /** Of `watch()`, for pages. */
  readonly script: string
  /** Removes the film's file. */
  readonly removeFilm: () => Promise<void>
}

/** AVA's `test` for a file whose tests share one browser with a camera. */
export function testWithCamera(): TestFn<CameraContext> {
  const test = anyTest as TestFn<CameraContext>
  test.before(async (t) => {
    const film = await cameraFilm()
    const browser = await launchBrowser({ camera: film.path })
    t.context = { browser, removeFilm: film.remove, script: await watchScript() }
  })
  test.after.always(async (t) => {
    await t.context.browser?.close()
    await t.context.removeFilm?.()
  })
  return test
}
