import { accessSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ExecutionContext } from 'ava'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { audioToFile, type EmitAudio } from '../../src/index.ts'
import { takeTurn } from './turn.ts'

/** Where Debian and others install it. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream=device-count=2',
  // What `getDisplayMedia` is given: the screen of the fake devices, without a question.
  '--auto-select-desktop-capture-source=Entire screen',
  '--allow-loopback-in-peer-connection',
]

/** What the tests' microphone says: a beep of this frequency and length, once a second. */
export const BEEP = { hertz: 1000, seconds: 0.2 } as const

/** What a browser is launched with. */
export interface BrowserOptions {
  /** What its person answers when a page asks for the microphone or the camera. Default: yes. */
  readonly microphone?: 'granted' | 'denied'
  /** What the microphone says once, from when a page opens it. Default: {@link BEEP}s without end. */
  readonly says?: EmitAudio
  /** The film that its camera shows, a Y4M file. Default: a test pattern of Chromium's. */
  readonly camera?: string
}

/** Launches headless Chromium with a fresh profile, and with a recording as its microphone; one at a time on a machine. */
export async function launchBrowser({ microphone = 'granted', says, camera }: BrowserOptions = {}): Promise<Browser> {
  const answer = microphone === 'granted' ? '--use-fake-ui-for-media-stream' : '--deny-permission-prompts'
  const recording = await audioToFile(says ?? beeps())
  const capture = `--use-file-for-fake-audio-capture=${recording}${says === undefined ? '' : '%noloop'}`
  const release = await takeTurn('chromium')
  const forget = (): void => {
    release()
    rmSync(dirname(recording), { recursive: true, force: true })
  }
  const film = camera === undefined ? [] : [`--use-file-for-fake-video-capture=${camera}`]
  const args = [...ARGUMENTS, answer, capture, ...film]
  const browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args })
  return browser.once('disconnected', forget)
}

/** What a page is opened with. */
export interface PageOptions extends BrowserContextOptions {
  /** Runs in it before its own scripts. */
  readonly script?: string
}

/** A page with a profile of its own, that ends with its test. Whatever it reports as an error fails the test. */
export async function openPage(
  t: Pick<ExecutionContext, 'teardown'>,
  browser: Browser,
  url: string,
  { script = '', ...options }: PageOptions = {},
): Promise<Page> {
  const context = await browser.newContext(options)
  await context.addInitScript({ content: script })
  const problems: string[] = []
  t.teardown(async () => {
    await context.close()
    if (problems.length > 0) throw new Error(`The page reported:\n${problems.join('\n')}`)
  })
  const page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(String(error.stack)))
  await page.goto(url)
  return page
}

function chromiumPath(): string {
  const path = [process.env['CHROMIUM'], ...PLACES].find((place) => place !== undefined && isThere(place))
  if (path === undefined) throw new Error(`No Chromium at ${PLACES.join(', ')}; the variable CHROMIUM may name one`)
  return path
}

function isThere(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}

/** A recording of one second, which Chromium plays again and again. */
function beeps(): EmitAudio {
  const sampleRate = 48_000
  const samples = Int16Array.from({ length: sampleRate }, (_, index) => {
    const time = index / sampleRate
    return time < BEEP.seconds ? 12_000 * Math.sin(2 * Math.PI * BEEP.hertz * time) : 0
  })
  return [sampleRate, samples]
}
