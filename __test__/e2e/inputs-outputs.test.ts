import test from 'ava'
import { streamSSE } from 'hono/streaming'
import { AdditionalOutputs, AsyncStreamHandler } from '../../src/index.ts'
import type { EmitType } from '../../src/index.ts'
import { launchBrowser, openPage } from '../helpers/browser.ts'
import { servePages } from './pages.ts'

/** Asks the page for a number, and gives back its square as an output. */
class Squares extends AsyncStreamHandler {
  override receive(): Promise<void> {
    return Promise.resolve()
  }

  override async emit(): Promise<EmitType> {
    this.reset()
    await this.waitForArgs()
    const [, number] = this.latestArgs
    return new AdditionalOutputs(Number(number) ** 2)
  }

  override copy(): Squares {
    return new Squares()
  }
}

test("a page's inputs reach the handler, and its outputs reach the page, by the user's own routes", async (t) => {
  const { app, stream, url } = await servePages(t, { handler: new Squares() })
  app.post('/input_hook', async (c) => {
    const { webrtc_id: id, number } = await c.req.json<{ webrtc_id: string; number: number }>()
    return c.json({ known: stream.setInput(id, number) })
  })
  app.get('/outputs', (c) =>
    streamSSE(c, async (events) => {
      const outputs = stream.outputStream(c.req.query('webrtc_id') ?? '')
      for await (const { args } of outputs) await events.writeSSE({ event: 'output', data: JSON.stringify(args) })
    }),
  )

  const browser = await launchBrowser()
  t.teardown(() => browser.close())
  const page = await openPage(t, browser, `${url}library.html`)
  await page.evaluate(`numbers = [7, 8, 9]; results = []
    setInterval(async () => {
      const asked = messages.findIndex(({ type }) => type === 'send_input')
      if (asked < 0 || numbers.length === 0) return
      messages.splice(asked, 1)
      const body = JSON.stringify({ webrtc_id, number: numbers.shift() })
      await fetch('/input_hook', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    }, 20)`)
  await page.click('#start')
  await page.waitForFunction("pc?.connectionState === 'connected'")
  await page.evaluate(`events = new EventSource('/outputs?webrtc_id=' + webrtc_id)
    events.addEventListener('output', ({ data }) => results.push(...JSON.parse(data)))`)
  await page.waitForFunction('results.length === 3')
  t.deepEqual(await page.evaluate('results'), [49, 64, 81])
  await page.waitForFunction("messages.filter(({ type }) => type === 'fetch_output').length === 3")
  t.deepEqual(await page.evaluate("messages.find(({ type }) => type === 'fetch_output')"), {
    type: 'fetch_output',
    data: [],
  })
  await page.evaluate('events.close()')
})
