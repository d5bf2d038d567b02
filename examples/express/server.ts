// A stream on an Express app, beside the app's own routes and page.
// Run: node --import=@oxc-node/core/register examples/express/server.ts
import express from 'express'
import { Stream } from 'parley-rtc'
import type { AudioFrame } from 'parley-rtc'
import { mount } from 'parley-rtc/express'

/** Says what it hears, half as loud: a duplex function, which yields what is to be said. */
async function* softEcho(frames: AsyncIterable<AudioFrame>): AsyncGenerator<AudioFrame> {
  for await (const [sampleRate, samples] of frames) {
    yield [sampleRate, samples.map((sample) => sample / 2)]
  }
}

const stream = new Stream({ handler: softEcho, modality: 'audio', concurrencyLimit: 10 })

const app = express()
app.use(express.json())
app.get('/', (_request, response) => {
  response.send('<!doctype html><title>My app</title><p>My app. <a href="voice/">Talk with it</a>.</p>')
})
app.get('/calls', (_request, response) => {
  response.json({ calls: [...stream.sessions.keys()] })
})
mount(stream, app, '/voice', { page: true })

const server = app.listen(Number(process.env['PORT'] ?? 7860), '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object')
    console.log(`My app listens at http://127.0.0.1:${address.port}/`)
})
