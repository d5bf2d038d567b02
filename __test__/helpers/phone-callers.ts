import { parentPort, workerData } from 'node:worker_threads'
import { WebSocket } from 'ws'
import { mulawTone } from './mulaw.ts'

/** What the thread is started with. */
export interface PhoneCallers {
  /** Of the media sockets. */
  readonly url: string
  readonly calls: number
  /** A 32-bit counter for each call: of the audio messages that it got. */
  readonly received: SharedArrayBuffer
}

/** How often each caller speaks, in ms. */
const EVERY_MS = 100

const { url, calls, received } = workerData as PhoneCallers
const counters = new Int32Array(received)
const heard: Uint8Array[][] = Array.from({ length: calls }, () => [])
const words = Buffer.from(mulawTone(600, EVERY_MS / 1000)).toString('base64')

const sockets = heard.map((parts, index) => {
  const socket = new WebSocket(url)
  const streamSid = `MZ${index}`
  socket.on('open', () => {
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
    const start = { streamSid, callSid: `CA${index}`, mediaFormat, customParameters: {} }
    socket.send(JSON.stringify({ event: 'start', streamSid, start }))
  })
  socket.on('message', (data: Buffer) => {
    const { event, media } = JSON.parse(data.toString()) as { event: string; media: { payload: string } }
    if (event !== 'media') return
    parts.push(Buffer.from(media.payload, 'base64'))
    Atomics.add(counters, index, 1)
  })
  return socket
})

const line = setInterval(() => {
  for (const [index, socket] of sockets.entries()) {
    const media = { track: 'inbound', payload: words }
    if (socket.readyState === WebSocket.OPEN && heard[index]?.length !== 0) {
      socket.send(JSON.stringify({ event: 'media', streamSid: `MZ${index}`, media }))
    }
  }
}, EVERY_MS)

// Asked for what was heard, the callers hang up and say it.
parentPort?.once('message', () => {
  clearInterval(line)
  for (const socket of sockets) socket.close()
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(heard.map((parts) => Buffer.concat(parts)))
})
