// Waits until you pause, then says what you said, until you interrupt. Run it, offline if you like, with:
// node --import=@oxc-node/core/register examples/voice-echo/server.ts
import { ReplyOnPause, Stream } from 'parley-rtc'

const stream = new Stream({
  handler: new ReplyOnPause(function* ([sampleRate, audio]) {
    yield [sampleRate, audio]
  }),
  concurrencyLimit: 10,
  ui: { title: 'Voice echo', subtitle: 'Press start, say a sentence, and wait a moment. Speak again to interrupt.' },
})
stream.on('session:connected', (session) => {
  session.on('turn', ({ number, audioSeconds }) => console.log(`turn ${number}: ${audioSeconds.toFixed(1)} s`))
  session.on('interrupted', ({ heardMs }) => console.log(`interrupted after ${heardMs} ms`))
})
await stream.launch({ port: Number(process.env['PORT'] ?? 7860) })
