import anyTest from 'ava'
import type { ExecutionContext, TestFn } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, openPage } from '../helpers/browser.ts'
import { Echo } from '../helpers/echo.ts'
import { servePages } from './pages.ts'

const test = anyTest as TestFn<{ browser: Browser }>
type Context = ExecutionContext<{ browser: Browser }>

test.before(async (t) => {
  t.context.browser = await launchBrowser()
})
test.after.always((t) => t.context.browser?.close())

async function clientPage(t: Context, url: string): Promise<Page> {
  const page = await openPage(t, t.context.browser, `${url}client.html`)
  await page.click('#start')
  return page
}

/** Does something in the page between a method's call and what it does. */
function before(method: string, what: string): string {
  return `{
    const at = ${method.split('.').slice(0, -1).join('.')}
    const real = at.${method.split('.').at(-1)}
    at.${method.split('.').at(-1)} = function (...args) {
      at.${method.split('.').at(-1)} = real
      ${what}
      return real.apply(this, args)
    }
  }`
}

const ANSWERED = 'RTCPeerConnection.prototype.setRemoteDescription'

/** How an attempt to connect ended that the page gave up with a reason of its own. */
const GIVEN_UP =
  "start({ signal: abort.signal }).then(() => 'connected', (error) => error === reason ? 'its reason' : String(error))"
const ABORT = 'globalThis.abort = new AbortController(); globalThis.reason = new Error("mine")'

for (const [when, given] of [
  ['before it began', 'abort.abort(reason)'],
  ['while the server is asked what it is for', before('globalThis.fetch', 'queueMicrotask(() => abort.abort(reason))')],
  ['while the person is asked', before('navigator.mediaDevices.getUserMedia', 'setTimeout(() => abort.abort(reason))')],
  ['while it makes its offer', before('RTCPeerConnection.prototype.createOffer', 'abort.abort(reason)')],
  ['after the answer', before(ANSWERED, 'abort.abort(reason)')],
] as const) {
  test.serial(`a call that was given up ${when} says why, and the next one finds its place free`, async (t) => {
    const { url } = await servePages(t, { concurrencyLimit: 1 })
    const page = await clientPage(t, url)
    await page.evaluate(`${ABORT}; ${given}`)
    t.is(await page.evaluate(GIVEN_UP), 'its reason')
    await page.evaluate('start()')
    t.is(await page.evaluate('call.state'), 'connected')
  })
}

test.serial('a time-out of the signal is told as one', async (t) => {
  const { url } = await servePages(t)
  const page = await clientPage(t, url)
  const waits = `globalThis.fetch = (_, { signal }) => new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason)))`
  await page.evaluate(waits)
  t.is(await page.evaluate('start({ signal: AbortSignal.timeout(20) }).catch(({ name }) => name)'), 'TimeoutError')
})

test.serial('what the person allows after the call was given up is not recorded', async (t) => {
  const { url } = await servePages(t)
  const page = await clientPage(t, url)
  await page.evaluate(`${ABORT}
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      abort.abort(reason)
      globalThis.stream = await open(constraints)
      return stream
    }`)
  t.is(await page.evaluate(GIVEN_UP), 'its reason')
  await page.waitForFunction('globalThis.stream?.getTracks().every(({ readyState }) => readyState === "ended")')
  t.pass()
})

test.serial('a call that is given up before its answer frees its place', async (t) => {
  let release = (): void => undefined
  // The first offer is never answered, the second when it is known to have been taken.
  const serverRtcConfiguration = (): Promise<object> => new Promise((resolve) => (release = () => resolve({})))
  const { url, stream } = await servePages(t, { concurrencyLimit: 1, serverRtcConfiguration })
  const page = await clientPage(t, url)
  await page.evaluate(`${ABORT}; globalThis.first = ${GIVEN_UP}; undefined`)
  while (stream.sessions.size === 0) await page.waitForTimeout(5)
  await page.evaluate('abort.abort(reason)')
  t.is(await page.evaluate('first'), 'its reason')
  while (stream.sessions.size > 0) await page.waitForTimeout(5)
  const second = page.evaluate('start()')
  while (stream.sessions.size === 0) await page.waitForTimeout(5)
  release()
  await second
  t.is(stream.sessions.size, 1)
})

test.serial('a page that is reloaded before its call is connected finds its place free', async (t) => {
  const { url } = await servePages(t, { concurrencyLimit: 1 })
  const page = await clientPage(t, url)
  const reloaded = page.waitForEvent('load')
  await page.evaluate(before(ANSWERED, 'location.reload(); return new Promise(() => undefined)'))
  await page.evaluate('void start()').catch(() => undefined)
  await reloaded
  await page.click('#start')
  await page.evaluate('start()')
  t.is(await page.evaluate('call.state'), 'connected')
})

for (const transport of ['webrtc', 'websocket']) {
  test.serial(`after the end of a call nothing is opened, and all says so at once: ${transport}`, async (t) => {
    const { url } = await servePages(t)
    const page = await clientPage(t, url)
    await page.evaluate(`start({ transport: '${transport}' })`)
    await page.evaluate(`globalThis.asked = 0
      for (const name of ['getUserMedia', 'getDisplayMedia']) navigator.mediaDevices[name] = () => (asked++, new Promise(() => undefined))
      globalThis.pending = call.useMicrophone().catch(({ name }) => name)
      call.close()`)
    t.is(await page.evaluate('pending'), 'ConnectionClosedError', 'also what the person was being asked for')
    for (const method of ['play', 'useMicrophone', 'useCamera', 'shareScreen']) {
      t.is(await page.evaluate(`call.${method}().catch(({ name }) => name)`), 'ConnectionClosedError', method)
    }
    t.is(await page.evaluate('asked'), 1)
    t.is(await page.evaluate('{ try { call.send("x") } catch (error) { error.name } }'), 'ConnectionClosedError')
    t.like(await page.evaluate('call.mute(), call.muteVideo(), call.stats()'), { packetsReceived: 0 }, 'how it went')
  })

  test.serial(`what can't be sent or used is refused by name during a call: ${transport}`, async (t) => {
    const { url } = await servePages(t)
    const page = await clientPage(t, url)
    await page.evaluate(`start({ transport: '${transport}' })`)
    for (const [expression, message] of [
      ['call.send({ a: 1 })', /^The argument of send\(\) must be a string, such as JSON.stringify.*, not an object/],
      ["call.mute('x')", /^The argument of mute\(\) must be true or false, not 'x'/],
      ['call.muteVideo(1)', /^The argument of muteVideo\(\) must be true or false, not 1/],
      ['call.useMicrophone(5)', /^The argument of useMicrophone\(\) must be the deviceId .*, not 5/],
      ['call.useCamera({})', /^The argument of useCamera\(\) must be the deviceId .*, not an object/],
      ["call.shareScreen('x')", /^The argument of shareScreen\(\) must be constraints.*, not 'x'/],
      ["call.on('message', 5)", /^The argument of on\(\) must be a function, not 5/],
    ] as const) {
      const said = await page.evaluate<string>(
        `(async () => { try { await ${expression} } catch ({ name, message }) { return name + ': ' + message } })()`,
      )
      t.regex(said, new RegExp(`^TypeError: ${message.source.slice(1)}`))
    }
  })

  test.serial(`the page gets every text that a handler sends: ${transport}`, async (t) => {
    const { url } = await servePages(t, { handler: new Talker() })
    const page = await clientPage(t, url)
    await page.evaluate(
      `globalThis.texts = []; start({ transport: '${transport}', onText: (text) => texts.push(text) })`,
    )
    await page.waitForFunction('messages.length === 1 && texts.length === 3')
    t.deepEqual(await page.evaluate('texts'), ['plain text', '[1,2]', '{"n":1}'])
    t.deepEqual(await page.evaluate('messages'), [{ type: 'tool', n: 1 }])
  })
}

/** Sends texts, one of which is a message. */
class Talker extends Echo {
  override async startUp(): Promise<void> {
    for (const text of ['plain text', '[1,2]', '{"type":"tool","n":1}', '{"n":1}']) await this.sendMessage(text)
  }

  override copy(): Talker {
    return new Talker()
  }
}
