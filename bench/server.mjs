// A server for load generators: `node bench/server.mjs PORT`, after `npm run build`. Prints "ready" and serves
// POST /webrtc/offer on 127.0.0.1.
//
//   HANDLER=async|sync|duplex|worker   which kind of handler echoes (default async); worker: async on worker threads
//   HANDLER=video                      flips pictures; see flip.mjs. MAX_BITRATE=500000: bit/s of what is sent back
//   HANDLER=phone                      echoes on /websocket/offer and /telephone/handler (Twilio's messages), at 8 kHz
//   RATE=24000                         other rates for HANDLER=phone's handler
//   HANDLER=turns                      answers when the caller pauses; see turns.mjs
//   PHONE=1                            on /telephone/handler too, whatever the handler
//   BLOCK_MS=100                       burn so much CPU once a second in the first session's handler
//   WORKERS=N                          media threads (default: the library's)
//   THREADS=N                          threads of HANDLER=worker at most (default 8: sessions up to 8 share none)
import { Stream, twilio, WorkerHandler } from 'parley-rtc'
import { AsyncEcho, duplexEcho, firstComes, PhoneEcho, SyncEcho } from './echo.mjs'
import { videoFlip } from './flip.mjs'
import { toneReplies } from './turns.mjs'

const port = Number(process.argv[2])
if (!Number.isInteger(port) || port < 1 || port > 65535) {
  console.error(`usage: node bench/server.mjs PORT (1 to 65535), not ${JSON.stringify(process.argv[2])}`)
  process.exit(2)
}

const taken = firstComes()
const threads = Number(process.env.THREADS ?? 8)
const kinds = {
  async: () => new AsyncEcho(taken),
  sync: () => new SyncEcho(taken),
  duplex: () => duplexEcho(taken),
  worker: () => new WorkerHandler(new URL('./echo-worker.mjs', import.meta.url), { threads, args: [taken] }),
  turns: toneReplies,
  phone: () => new PhoneEcho(taken),
  video: videoFlip,
}
const kind = process.env.HANDLER ?? 'async'
if (!Object.hasOwn(kinds, kind)) {
  console.error(`HANDLER is ${JSON.stringify(kind)}; it must be one of ${Object.keys(kinds).join(', ')}`)
  process.exit(2)
}
const media = { bindAddress: '127.0.0.1', ...(process.env.WORKERS && { workers: Number(process.env.WORKERS) }) }
// A load generator signs nothing; the server listens on this machine alone.
const isPhone = kind === 'phone' || process.env.PHONE === '1'
const telephony = isPhone && { telephony: { provider: twilio(), insecure: true } }
const handler = kinds[kind]()
// Which load generators that are no browsers name as theirs.
const allowedOrigins = ['http://127.0.0.1']
const isVideo = kind === 'video'
const rtpParams = isVideo ? { maxBitrate: Number(process.env.MAX_BITRATE ?? 500_000) } : {}
const stream = new Stream({
  handler,
  modality: isVideo ? 'video' : 'audio',
  concurrencyLimit: Infinity,
  media,
  rtpParams,
  allowedOrigins,
  ...telephony,
})
await stream.launch({ host: '127.0.0.1', port })
console.log('ready')
