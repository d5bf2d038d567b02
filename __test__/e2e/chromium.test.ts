import { once } from 'node:events'
import anyTest from 'ava'
import type { ExecutionContext, TestFn } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { CloseStream } from '../../src/index.ts'
import type { EmitType, Layout, Stream } from '../../src/index.ts'
import { BEEP, launchBrowser, openPage } from '../helpers/browser.ts'
import { Echo } from '../helpers/echo.ts'
import { servePages } from './pages.ts'

/** What the probe of the test's pages says; see pages/probe.js. */
interface Heard {
  hertz: number
  loudness: number
  delayMs: number | null
  beeps: number
}

/** An echo in one channel or two, so that a client is asked for as many and hears as many. */
class EchoIn extends Echo {
  readonly #layout: Layout

  constructor(layout: Layout) {
    super({ expectedLayout: layout, outputSampleRate: 48_000 })
    this.#layout = layout
  }

  override copy(): EchoIn {
    return new EchoIn(this.#layout)
  }
}

const test = anyTest as TestFn<{ browser: Browser }>

// One browser for all tests: two at once would slow each other down.
test.before(async (t) => {
  t.context.browser = await launchBrowser()
})
test.after.always((t) => t.context.browser?.close())

/** A page as users of the Python library write theirs, connected, its data channel open. */
async function libraryPage(t: ExecutionContext<{ browser: Browser }>, url: string): Promise<Page> {
  const page = await openPage(t, t.context.browser, `${url}library.html`)
  await page.click('#start')
  // The channel opens after the connection: two more round trips, and each thread of a busy machine takes its time.
  await page.waitForFunction("pc?.connectionState === 'connected' && dataChannel.readyState === 'open'")
  return page
}

/** A page of one's own on the client module, connected. */
async function clientPage(t: ExecutionContext<{ browser: Browser }>, url: string, options = {}): Promise<Page> {
  const page = await openPage(t, t.context.browser, `${url}client.html`)
  await page.click('#start')
  await page.evaluate(`start(${JSON.stringify(options)})`)
  return page
}

function isEchoOfBeeps(t: ExecutionContext, heard: Heard): void {
  t.is(heard.hertz, BEEP.hertz)
  t.true(heard.loudness > 0.1, `amplitude ${heard.loudness}`)
  t.true(heard.beeps >= 2, `${heard.beeps} beeps came back`)
  // Most of it is the browser's own jitter buffer and playout, which grow on a busy machine. The next beep comes at 1 s.
  t.true(heard.delayMs !== null && heard.delayMs > 0 && heard.delayMs < 900, `after ${heard.delayMs} ms`)
}

const LISTEN = 'listen({ sent: stream, heard: audio_output.srcObject })'

test.serial('a page written for the Python library hears its microphone come back', async (t) => {
  const { url } = await servePages(t)
  const page = await libraryPage(t, url)
  isEchoOfBeeps(t, await page.evaluate<Heard>(LISTEN))
})

test.serial('texts go both ways over the data channel of such a page', async (t) => {
  const { url } = await servePages(t)
  const page = await libraryPage(t, url)
  await page.evaluate("dataChannel.send('Grüße 🦜')")
  await page.waitForFunction('messages.length > 0')
  t.deepEqual(
    await page.evaluate('messages'),
    [{ type: 'log', data: 'Server received: Grüße 🦜' }],
    'the handshake that the page sent before is not answered',
  )
})

test.serial('keys that such a page presses are told with their digits and durations', async (t) => {
  const { url, stream } = await servePages(t)
  const keys: [digit: string, durationMs: number][] = []
  const pressed = new Promise<void>((resolve) => {
    stream.on('session', (session) =>
      session.on('dtmf', (...key) => {
        if (keys.push(key) === 6) resolve()
      }),
    )
  })
  const page = await libraryPage(t, url)
  const sender = "pc.getSenders().find(({ track }) => track.kind === 'audio').dtmf"
  t.true(await page.evaluate(`${sender}.canInsertDTMF`))
  // Each for 200 ms with 70 ms between; a comma waits for two seconds. The last is longer than one event can say.
  await page.evaluate(`${sender}.insertDTMF('15*,#D', 200, 70)`)
  await page.evaluate(`new Promise((resolve) => {
    ${sender}.ontonechange = ({ tone }) => tone === '' && resolve((${sender}.ontonechange = null))
  })`)
  await page.evaluate(`${sender}.insertDTMF('7', 2000)`)
  await pressed
  t.is(keys.map(([digit]) => digit).join(''), '15*#D7')
  for (const [digit, durationMs] of keys) {
    const asked = digit === '7' ? 2000 : 200
    // The browser tells of keys in steps of its packets.
    t.true(Math.abs(durationMs - asked) <= 20, `${digit} for ${durationMs} ms of ${asked}`)
  }
  isEchoOfBeeps(t, await page.evaluate<Heard>(LISTEN))
})

test.serial('a later offer of the same session moves it to new ICE credentials, and the echo goes on', async (t) => {
  const { url, stream } = await servePages(t)
  const page = await libraryPage(t, url)
  const ufrag = 'pc.remoteDescription.sdp.match(/a=ice-ufrag:(.+)/)[1]'
  const before = await page.evaluate(ufrag)
  await page.evaluate('restartIce()')
  t.not(await page.evaluate(ufrag), before)
  isEchoOfBeeps(t, await page.evaluate<Heard>(LISTEN))
  t.is(stream.sessions.size, 1)
})

test.serial('a page that stops and starts again is served with a limit of one', async (t) => {
  const { url } = await servePages(t, { concurrencyLimit: 1 })
  const page = await libraryPage(t, url)
  await page.click('#stop')
  await page.waitForTimeout(1500)
  await page.click('#start')
  await page.waitForFunction("pc.connectionState === 'connected'")
  t.deepEqual(await page.evaluate("messages.filter((message) => typeof message === 'string')"), [])
})

test.serial('a page that is reloaded connects again', async (t) => {
  const { url, stream } = await servePages(t, { concurrencyLimit: 1 })
  const page = await libraryPage(t, url)
  const closed = once(stream, 'session:closed')
  await page.reload()
  await closed
  await page.click('#start')
  await page.waitForFunction("pc?.connectionState === 'connected'")
  isEchoOfBeeps(t, await page.evaluate<Heard>(LISTEN))
})

test.serial('with a limit of two, two pages are served and a third is refused with the limit', async (t) => {
  const { url, stream } = await servePages(t, { concurrencyLimit: 2 })
  await libraryPage(t, url)
  const second = await libraryPage(t, url)
  const third = await openPage(t, t.context.browser, `${url}library.html`)
  await third.click('#start')
  await third.waitForFunction('messages.length === 1')
  t.deepEqual(await third.evaluate('messages'), ['Too many connections. Maximum limit is 2'])
  isEchoOfBeeps(t, await second.evaluate<Heard>(LISTEN))
  t.is(stream.sessions.size, 2)
})

test.serial('two seconds after a page on the client module was closed its session is gone', async (t) => {
  const { url, stream } = await servePages(t)
  const page = await clientPage(t, url)
  t.true(await isGoneAfter(stream, () => page.close()))
  t.is(stream.sessions.size, 0)
})

test.serial('two seconds after a page that says no word was closed its session is gone', async (t) => {
  const { url, stream } = await servePages(t)
  const page = await libraryPage(t, url)
  t.true(await isGoneAfter(stream, () => page.close()))
  t.is(stream.sessions.size, 0)
})

test.serial('the client module hears the echo, and tells how loud both sides are and how the call goes', async (t) => {
  const { url } = await servePages(t)
  const page = await clientPage(t, url)
  isEchoOfBeeps(
    t,
    await page.evaluate<Heard>('listen({ sent: new MediaStream([call.microphone]), heard: call.remoteStream })'),
  )
  const figures = 'new Promise((resolve) => call.on("stats", (s) => s.lossSent !== undefined && resolve(s)))'
  const stats = await page.evaluate<Record<string, number>>(figures)
  t.true(
    (stats['roundTripMs'] ?? -1) >= 0 && (stats['roundTripMs'] ?? 1e9) < 1000,
    `round trip ${stats['roundTripMs']}`,
  )
  t.true((stats['packetsReceived'] ?? 0) > 50)
  t.true(await page.evaluate(loud('sent')))
  t.true(await page.evaluate(loud('heard')))
})

test.serial('the client module mutes, changes the microphone and ends', async (t) => {
  const { url, stream } = await servePages(t)
  const page = await clientPage(t, url)
  await page.evaluate('call.mute()')
  const muted = await page.evaluate<Heard>('listen({ heard: call.remoteStream, seconds: 3, skip: 1 })')
  t.true(muted.loudness < 0.05, `amplitude ${muted.loudness}`)
  await page.evaluate('call.mute(false)')
  const label = await page.evaluate(`parley.listMicrophones().then(async (all) => {
    await call.useMicrophone(all.at(-1).deviceId)
    return call.microphone.label === all.at(-1).label
  })`)
  t.true(label)
  isEchoOfBeeps(
    t,
    await page.evaluate<Heard>('listen({ sent: new MediaStream([call.microphone]), heard: call.remoteStream })'),
  )
  const closed = once(stream, 'session:closed')
  await page.evaluate('call.close()')
  t.deepEqual(await page.evaluate('call.closed'), { by: 'client' })
  await closed
  t.deepEqual(await page.evaluate('states'), ['connected', 'closed'])
})

test.serial('the client module says why it was refused, in words for a person', async (t) => {
  const { url } = await servePages(t, { concurrencyLimit: 1 })
  await clientPage(t, url)
  const page = await openPage(t, t.context.browser, `${url}client.html`)
  const refused = await page.evaluate(
    'start().catch(({ name, reason, limit, message }) => ({ name, reason, limit, message }))',
  )
  t.like(refused, { name: 'RefusedError', reason: 'concurrency_limit_reached', limit: 1 })
  t.regex((refused as Error).message, /one call at a time/)
})

test.serial('the client module tells who ended a call, and how', async (t) => {
  const brief = await servePages(t, { handler: farewell, modality: 'audio', mode: 'receive' })
  const page = await clientPage(t, brief.url)
  t.deepEqual(await page.evaluate('call.closed'), { by: 'handler', message: 'Good-bye' })

  const { url, stream } = await servePages(t)
  const other = await clientPage(t, url)
  for (const id of stream.sessions.keys()) stream.updateConnection(id, 'closed')
  t.deepEqual(await other.evaluate('call.closed'), { by: 'server' })
  t.is(
    await other.evaluate("Promise.resolve().then(() => call.send('x')).catch(({ name }) => name)"),
    'ConnectionClosedError',
  )
})

for (const layout of ['stereo', 'mono'] as const) {
  test.serial(`the client module speaks and hears as the handler does: in ${layout}`, async (t) => {
    const { url } = await servePages(t, { handler: new EchoIn(layout) })
    const page = await openPage(t, t.context.browser, `${url}client.html`)
    await page.click('#start')
    await page.evaluate('start({ media: stereoTones(500, 900) })')
    const [left, right] = await page.evaluate<[number, number]>('listenToBoth(call.remoteStream)')
    // Mixed to one channel both are as loud, and either may be found.
    if (layout === 'mono') t.is(left, right)
    else t.deepEqual([left, right], [500, 900])
  })
}

test.serial('the client module opens no audio hardware before the call needs it', async (t) => {
  const { url } = await servePages(t)
  const page = await openPage(t, t.context.browser, `${url}client.html`)
  await page.evaluate(`globalThis.made = []
    for (const name of ['RTCPeerConnection', 'AudioContext']) globalThis[name] = class extends globalThis[name] {
      constructor(options) { super(options); made.push(name + (globalThis.states.includes('connected') ? ' connected' : '')) }
    }`)
  await page.evaluate('start()')
  t.deepEqual(await page.evaluate('made'), ['RTCPeerConnection'], 'nobody asked for levels')
  await page.evaluate('new Promise((resolve) => call.on("levels", (levels) => levels.sent > 0.5 && resolve()))')
  t.deepEqual(await page.evaluate('made'), ['RTCPeerConnection', 'AudioContext connected'])
})

test.serial("the client module sends with the server's rtpParams", async (t) => {
  const rtpParams = { maxBitrate: 20_000, priority: 'high', maxFramerate: 10, scaleResolutionDownBy: 2 } as const
  const { url } = await servePages(t, { rtpParams })
  const page = await openPage(t, t.context.browser, `${url}client.html`)
  await page.evaluate(
    'RTCPeerConnection = class extends RTCPeerConnection { constructor(c) { super(c); globalThis.pc = this } }',
  )
  await page.evaluate('start()')
  const encodings = await page.evaluate<{ maxBitrate?: number; maxFramerate?: number }[]>(
    'pc.getSenders()[0].getParameters().encodings',
  )
  t.like(encodings[0], { maxBitrate: 20_000, priority: 'high' })
  t.is(encodings[0]?.maxFramerate, undefined, 'which is for video')
})

for (const [kind, trackConstraints] of [
  ['of its only track', { echoCancellation: false, autoGainControl: false }],
  ['of each kind', { audio: { echoCancellation: false, autoGainControl: false }, video: { width: 640 } }],
] as const) {
  test.serial(`the client module opens the microphone with the server's trackConstraints ${kind}`, async (t) => {
    const { url } = await servePages(t, { trackConstraints })
    const page = await openPage(t, t.context.browser, `${url}client.html`)
    await page.evaluate('start({ media: true })')
    const settings = await page.evaluate<Record<string, unknown>>('call.microphone.getSettings()')
    t.like(settings, { echoCancellation: false, autoGainControl: false })
  })
}

test.serial('the client module looks for a new path when the one it has fails', async (t) => {
  const { url } = await servePages(t)
  const page = await openPage(t, t.context.browser, `${url}client.html`)
  await page.evaluate(
    'RTCPeerConnection = class extends RTCPeerConnection { constructor(c) { super(c); globalThis.pc = this } }',
  )
  await page.evaluate('start()')
  const ufrag = 'pc.remoteDescription.sdp.match(/a=ice-ufrag:(.+)/)[1]'
  const before = await page.evaluate<string>(ufrag)
  await page.evaluate(`Object.defineProperty(pc, 'connectionState', { value: 'failed', configurable: true })
    pc.dispatchEvent(new Event('connectionstatechange'))`)
  await page.waitForFunction(`${ufrag} !== '${before}'`)
  await page.evaluate("delete pc.connectionState; pc.dispatchEvent(new Event('connectionstatechange'))")
  t.deepEqual(await page.evaluate('states'), ['connected', 'reconnecting', 'connected'])
  isEchoOfBeeps(
    t,
    await page.evaluate<Heard>('listen({ sent: new MediaStream([call.microphone]), heard: call.remoteStream })'),
  )
})

/** A second of silence, and good-bye. */
function* farewell(): Generator<EmitType> {
  yield [[8000, new Int16Array(8000)], new CloseStream('Good-bye')]
}

/** Waits in the page until a side is loud. */
function loud(side: 'sent' | 'heard'): string {
  return `new Promise((resolve) => call.on('levels', (levels) => levels.${side} > 0.5 && resolve(true)))`
}

/** Whether a session closed within two seconds of what was done. */
async function isGoneAfter(stream: Stream, act: () => Promise<void>): Promise<boolean> {
  const closed = once(stream, 'session:closed')
  await act()
  const limit = new Promise<boolean>((resolve) => setTimeout(resolve, 2000, false))
  return Promise.race([closed.then(() => true), limit])
}
