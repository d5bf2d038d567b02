// Answers the telephone: says back what you say, when you pause, until you speak again. Without an account: see README.md.
// Run: node --import=@oxc-node/core/register examples/phone/server.ts
import { getCurrentContext, ReplyOnPause, Stream, twilio } from 'parley-rtc'

const { PORT = '7860', HOST = '127.0.0.1', PUBLIC_URL, TWILIO_AUTH_TOKEN } = process.env
const insecure = TWILIO_AUTH_TOKEN === undefined
if (insecure) console.log('No TWILIO_AUTH_TOKEN: only scripted calls of this machine are answered')

const stream = new Stream({
  handler: new ReplyOnPause(function* ([sampleRate, audio]) {
    console.log(`${getCurrentContext().call?.from} spoke for ${(audio.length / sampleRate).toFixed(1)} s`)
    yield [sampleRate, audio]
  }),
  concurrencyLimit: 10,
  telephony: { provider: twilio(), publicUrl: PUBLIC_URL, insecure },
})
stream.on('session', (session) => {
  if (session.call !== undefined) console.log(`${session.call.from} calls ${session.call.to}`)
  session.on('dtmf', (key) => (key === '#' ? session.close() : console.log(`the key ${key}`)))
  session.on('interrupted', ({ heardMs }) => console.log(`interrupted after ${heardMs} ms`))
  session.on('closed', (reason) => console.log(`the call is over (${reason})`))
})
await stream.launch({ port: Number(PORT), host: insecure ? '127.0.0.1' : HOST })
