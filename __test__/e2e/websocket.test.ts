import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import anyTest from 'ava'
import type { ExecutionContext, TestFn } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { CloseStream, PlayedMark } from '../../src/index.ts'
import type { EmitType, Session, Stream } from '../../src/index.ts'
import { BEEP, launchBrowser, openPage } from '../helpers/browser.ts'
import { Echo } from '../helpers/echo.ts'
import { serve } from '../helpers/serve.ts'
import { servePages } from './pages.ts'

/** What the probe of the test's pages says; see pages/probe.js. */
interface Heard {
  hertz: number
  loudness: number
  delayMs: number | null
  beeps: number
}

/** An echo at the rate that the page written for the Python library has. */
class WideEcho extends Echo {
  constructor() {
    super({ inputSampleRate: 24_000, outputSampleRate: 24_000 })
  }

  override copy(): WideEcho {
    return new WideEcho()
  }
}

const test = anyTest as TestFn<{ browser: Browser }>
type Context = ExecutionContext<{ browser: Browser }>

test.before(async (t) => {
  t.context.browser = await launchBrowser()
})
test.after.always((t) => t.context.browser?.close())

/** A page of one's own on the client module, that keeps which ways to a server the browser was asked for. */
async function clientPage(t: Context, url: string): Promise<Page> {
  const page = await openPage(t, t.context.browser, `${url}client.html`)
  await page.click('#start')
  await page.evaluate(`globalThis.ways = []
    for (const name of ['RTCPeerConnection', 'WebSocket']) globalThis[name] = class extends globalThis[name] {
      constructor(...args) { super(...args); ways.push(name) }
    }
    globalThis.prompts = 0
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = (constraints) => (prompts++, open(constraints))`)
  return page
}

async function call(t: Context, url: string, options: object = { transport: 'websocket' }): Promise<Page> {
  const page = await clientPage(t, url)
  await page.evaluate(`start(${JSON.stringify(options)})`)
  return page
}

const LISTEN = 'listen({ sent: new MediaStream([call.microphone]), heard: call.remoteStream })'

function isEchoOfBeeps(t: ExecutionContext, heard: Heard): void {
  t.is(heard.hertz, BEEP.hertz)
  t.true(heard.loudness > 0.1, `amplitude ${heard.loudness}`)
  t.true(heard.beeps >= 2, `${heard.beeps} beeps came back`)
  t.true(heard.delayMs !== null && heard.delayMs > 0 && heard.delayMs < 900, `after ${heard.delayMs} ms`)
}

test.serial('a page written for the WebSocket of the Python library hears its microphone come back', async (t) => {
  const { url, stream } = await servePages(t, { handler: new WideEcho() })
  const page = await openPage(t, t.context.browser, `${url}socket.html`)
  await page.click('#start')
  await page.waitForFunction('nextTime > 0')
  t.is(onlyOne(stream).transport, 'websocket')
  isEchoOfBeeps(t, await page.evaluate<Heard>('listen({ sent: stream, heard: audio_output.srcObject })'))
  const closed = once(stream, 'session:closed')
  await page.click('#stop')
  await closed
  t.deepEqual(await page.evaluate('messages.filter(({ type }) => type !== "closed")'), [])
})

test.serial('the client module hears the echo over a WebSocket, and tells how loud and how well', async (t) => {
  const { url, stream } = await servePages(t)
  const page = await call(t, url)
  t.is(await page.evaluate('call.transport'), 'websocket')
  t.is(onlyOne(stream).transport, 'websocket')
  isEchoOfBeeps(t, await page.evaluate<Heard>(LISTEN))
  const stats = await page.evaluate<Record<string, number>>(
    'new Promise((resolve) => call.on("stats", (s) => s.roundTripMs !== undefined && resolve(s)))',
  )
  t.true((stats['roundTripMs'] ?? -1) >= 0 && (stats['roundTripMs'] ?? 1e9) < 1000, `${stats['roundTripMs']} ms`)
  t.true((stats['packetsReceived'] ?? 0) > 50)
  t.true((stats['packetsSent'] ?? 0) > 50)
  t.is(stats['lossSent'], 0)
  for (const side of ['sent', 'heard']) {
    const loud = `new Promise((resolve) => call.on('levels', (levels) => levels.${side} > 0.5 && resolve(true)))`
    t.true(await page.evaluate(loud))
  }
  t.deepEqual(await page.evaluate('ways'), ['WebSocket'])
})

/** The files of the client in one folder, without those that no module names: as a bundler leaves them. */
const MOVED = new URL('../../dist/client/', import.meta.url)

test.serial('a page whose bundler has moved the client module needs none of its other files', async (t) => {
  const { app, url } = await servePages(t)
  app.get('/moved/:name{[a-z-]+\\.js}', async (c) => {
    const name = c.req.param('name')
    const folders = name.endsWith('-worklet.js') ? [] : ['', 'webrtc/', 'websocket/']
    const found = folders.map((folder) => new URL(folder + name, MOVED)).find((file) => existsSync(file))
    if (!found) return c.notFound()
    const source = (await readFile(found, 'utf8')).replaceAll(/(?<= from ")\.[^"]*\/(?=[^/"]+")/g, './')
    return c.body(source, 200, { 'content-type': 'text/javascript' })
  })
  const page = await clientPage(t, url)
  const missing: string[] = []
  page.on('response', (response) => response.ok() || missing.push(response.url()))
  await page.evaluate(`import('/moved/connect.js').then(async ({ connect }) => {
    globalThis.call = await connect({ transport: 'websocket', media: { echoCancellation: false, autoGainControl: false } })
  })`)
  isEchoOfBeeps(t, await page.evaluate<Heard>(LISTEN))
  t.deepEqual(missing, [])
})

test.serial('texts go both ways, and who ends the call is told', async (t) => {
  const { url, stream } = await servePages(t)
  const page = await call(t, url)
  const said = once(onlyOne(stream), 'message')
  await page.evaluate("call.send('Grüße 🦜')")
  t.deepEqual(await said, ['Grüße 🦜'])
  await page.waitForFunction('messages.length > 0')
  t.deepEqual(await page.evaluate('messages'), [{ type: 'log', data: 'Server received: Grüße 🦜' }])
  for (const id of stream.sessions.keys()) stream.updateConnection(id, 'closed')
  t.deepEqual(await page.evaluate('call.closed'), { by: 'server' })
  t.deepEqual(await page.evaluate('states'), ['connected', 'closed'])

  const brief = await servePages(t, { handler: farewell, modality: 'audio', mode: 'receive' })
  const other = await call(t, brief.url)
  t.deepEqual(await other.evaluate('call.closed'), { by: 'handler', message: 'Good-bye' })
})

test.serial('over a WebSocket too the client module mutes, changes the microphone and ends', async (t) => {
  const { url, stream } = await servePages(t)
  const page = await call(t, url)
  await page.evaluate('call.mute()')
  const muted = await page.evaluate<Heard>('listen({ heard: call.remoteStream, seconds: 3, skip: 1 })')
  t.true(muted.loudness < 0.05, `amplitude ${muted.loudness}`)
  await page.evaluate('call.mute(false)')
  await page.evaluate('parley.listMicrophones().then((all) => call.useMicrophone(all.at(-1).deviceId))')
  isEchoOfBeeps(t, await page.evaluate<Heard>(LISTEN))
  const closed = once(stream, 'session:closed')
  await page.evaluate('call.close()')
  await closed
  t.deepEqual(await page.evaluate('call.closed'), { by: 'client' })
  t.is(await page.evaluate('call.microphone.readyState'), 'ended')
})

test.serial('what was said and not heard yet is dropped when the queue is cleared', async (t) => {
  const { url, stream } = await servePages(t, { handler: steady, modality: 'audio', mode: 'receive' })
  const page = await call(t, url)
  await page.evaluate('new Promise((resolve) => call.on("levels", (levels) => levels.heard > 0.5 && resolve()))')
  const silent = 'new Promise((resolve) => call.on("levels", (levels) => levels.heard < 0.1 && resolve(true)))'
  const heard = page.evaluate(silent)
  onlyOne(stream).clearQueue()
  t.true(await heard)
})

test.serial('the server knows what has been heard by the word of the page that plays it', async (t) => {
  const { url, stream } = await servePages(t, { handler: marked, modality: 'audio', mode: 'receive' })
  const page = await clientPage(t, url)
  await page.evaluate(`globalThis.audio = 0; globalThis.played = []
    globalThis.WebSocket = class extends WebSocket {
      constructor(...args) { super(...args); this.addEventListener('message', ({ data }) => typeof data !== 'string' && audio++) }
      send(data) { const { event, payloads } = JSON.parse(data); if (event === 'played') played.push(payloads); super.send(data) }
    }`)
  const begun = once(stream, 'session')
  await page.evaluate("start({ transport: 'websocket' })")
  const [session] = (await begun) as [Session]
  const [mark, heard] = (await once(session, 'played')) as [PlayedMark, { playedMs: number; complete: boolean }]
  t.is(mark.name, 'all')
  t.like(heard, { playedMs: 2000, complete: true })
  await page.waitForFunction('audio >= 100 && played.at(-1) === audio')
  const times = await page.evaluate<number>('played.length')
  t.true(times >= 10, `said ${times} times`)
})

test.serial('a limit is told in words for a person over a WebSocket too', async (t) => {
  const { url } = await servePages(t, { concurrencyLimit: 1 })
  await call(t, url)
  const page = await clientPage(t, url)
  const refused = await page.evaluate(
    "start({ transport: 'websocket' }).catch(({ name, reason, limit, message }) => ({ name, reason, limit, message }))",
  )
  t.like(refused, { name: 'RefusedError', reason: 'concurrency_limit_reached', limit: 1 })
})

test.serial('closing the page ends its call over a WebSocket within two seconds', async (t) => {
  const { url, stream } = await servePages(t)
  const page = await call(t, url)
  const closed = once(stream, 'session:closed')
  await page.close()
  const late = new Promise((resolve) => setTimeout(resolve, 2000, 'late'))
  t.not(await Promise.race([closed, late]), 'late')
})

/** A browser that may only use relays, and has none, sends no UDP: as behind a firewall that lets none through. */
const NO_UDP = { iceTransportPolicy: 'relay' }

test.serial(
  'where no UDP gets through, the call goes over a WebSocket, in the place of the attempt before',
  async (t) => {
    const { url, stream } = await servePages(t, { concurrencyLimit: 1 })
    const page = await call(t, url, { rtcConfiguration: NO_UDP, id: 'chosen by the page' })
    t.deepEqual(await page.evaluate('[call.transport, call.id, prompts]'), ['websocket', 'chosen by the page', 1])
    t.deepEqual(await page.evaluate('ways'), ['RTCPeerConnection', 'WebSocket'])
    t.deepEqual(await page.evaluate('states'), ['connected'])
    t.deepEqual([...stream.sessions.keys()], ['chosen by the page'])
    t.is(onlyOne(stream).transport, 'websocket')
    isEchoOfBeeps(t, await page.evaluate<Heard>(LISTEN))
  },
)

test.serial('a page that wants WebRTC and nothing else gets no WebSocket', async (t) => {
  const { url } = await servePages(t)
  const page = await clientPage(t, url)
  const options = JSON.stringify({ transport: 'webrtc', rtcConfiguration: NO_UDP, timeoutSeconds: 8 })
  t.is(await page.evaluate(`start(${options}).catch(({ name }) => name)`), 'ConnectTimeoutError')
  t.deepEqual(await page.evaluate('ways'), ['RTCPeerConnection'])
})

test.serial('where WebRTC works, no WebSocket is opened', async (t) => {
  const { url } = await servePages(t)
  const page = await call(t, url, {})
  t.is(await page.evaluate('call.transport'), 'webrtc')
  t.deepEqual(await page.evaluate('ways'), ['RTCPeerConnection'])
})

test.serial('a browser without WebRTC calls over a WebSocket at once', async (t) => {
  const { url } = await servePages(t)
  const page = await clientPage(t, url)
  await page.evaluate('delete globalThis.RTCPeerConnection')
  await page.evaluate('start()')
  t.is(await page.evaluate('call.transport'), 'websocket')
  isEchoOfBeeps(t, await page.evaluate<Heard>(LISTEN))
})

test.serial('the built-in page shows which way the call goes, and can be told to take the WebSocket', async (t) => {
  const { url, stream } = await serve(t, { concurrencyLimit: 2 })
  const page = await openPage(t, t.context.browser, url)
  await startOn(page)
  t.is(await page.locator('#transport').textContent(), 'WebRTC')

  const other = await openPage(t, t.context.browser, `${url}?transport=websocket`)
  await startOn(other)
  t.is(await other.locator('#transport').textContent(), 'WebSocket')
  t.deepEqual(
    [...stream.sessions.values()].map(({ transport }) => transport),
    ['webrtc', 'websocket'],
  )
  const heard = other.locator('#heard-meter')
  while (Number(await heard.getAttribute('aria-valuenow')) < 50) await other.waitForTimeout(20)
  t.pass()
})

async function startOn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start' }).click()
  await page.locator('#state[data-state=connected]').waitFor()
}

function onlyOne(stream: Stream): Session {
  const [session, ...others] = stream.sessions.values()
  if (session === undefined || others.length > 0) throw new Error(`${stream.sessions.size} sessions`)
  return session
}

/** Two seconds of a tone, at once. */
function* steady(): Generator<EmitType> {
  yield [24_000, Int16Array.from({ length: 48_000 }, (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / 24_000))]
}

/** Two seconds of a tone, at once, and a mark behind them; then nothing for long. */
async function* marked(): AsyncGenerator<EmitType> {
  for (const frame of steady()) yield frame
  yield new PlayedMark('all')
  await new Promise((resolve) => setTimeout(resolve, 60_000).unref())
}

/** A second of silence, and good-bye. */
function* farewell(): Generator<EmitType> {
  yield [[8000, new Int16Array(8000)], new CloseStream('Good-bye')]
}
