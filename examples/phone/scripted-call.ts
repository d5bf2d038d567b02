// Calls examples/phone without a provider: asks the webhook, connects, speaks, listens, and presses a key to hang up.
// Run: node --import=@oxc-node/core/register examples/phone/scripted-call.ts [http://127.0.0.1:7860/]
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'

/** What a call came to. */
export interface CallReport {
  /** Seconds of speech that were played to the server. */
  readonly said: number
  /** Seconds of sound that came back. */
  readonly heard: number
  /** The code that the server closed the socket with. */
  readonly code: number
}

const SPEECH = new URL('../../fixtures/speech/question.wav', import.meta.url)
const WAV_HEADER_BYTES = 44
const FRAME = 160

/** Calls a server as Twilio would, but for the signature. */
export async function scriptedCall(base: string): Promise<CallReport> {
  const form = new URLSearchParams({ CallSid: 'CA1', From: '+15550100', To: '+15550199' })
  const answer = await fetch(new URL('telephone/incoming', base), { method: 'POST', body: form })
  const markup = await answer.text()
  const url = /<Stream url="([^"]*)"/.exec(markup)?.[1]
  if (url === undefined) throw new Error(`The webhook answered ${answer.status}: ${markup}`)
  const token = /name="parleyToken" value="([^"]*)"/.exec(markup)?.[1] ?? ''
  const said = await speech()
  return talk(new WebSocket(url), token, said)
}

async function talk(socket: WebSocket, token: string, said: Buffer): Promise<CallReport> {
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  const send = (message: object): void => socket.send(JSON.stringify({ ...message, streamSid: 'MZ1' }))
  send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
  send({
    event: 'start',
    start: { callSid: 'CA1', streamSid: 'MZ1', mediaFormat, customParameters: { parleyToken: token } },
  })
  let heard = 0
  let quiet = 0
  socket.on('message', (data: Buffer) => {
    const { media, mark } = JSON.parse(data.toString()) as { media?: { payload: string }; mark?: object }
    if (mark !== undefined) send({ event: 'mark', mark })
    if (media === undefined) return
    const isSound = Buffer.from(media.payload, 'base64').some((byte) => (byte & 0x70) < 0x60)
    heard += isSound ? FRAME : 0
    if (isSound) quiet = 0
  })
  for (let chunk = 1; socket.readyState === WebSocket.OPEN; chunk += 1) {
    const payload = Buffer.alloc(FRAME, 0xff)
    payload.set(said.subarray((chunk - 1) * FRAME, chunk * FRAME))
    send({ event: 'media', media: { track: 'inbound', chunk: String(chunk), payload: payload.toString('base64') } })
    quiet += 1
    // Nothing more is heard for a second, or it takes too long: `#` ends the call.
    const isOver = heard > 0 && quiet > 50
    if (isOver || chunk === 1000) send({ event: 'dtmf', dtmf: { digit: '#' } })
    if (isOver || chunk === 1000) break
    // oxlint-disable-next-line no-await-in-loop -- a telephone speaks in real time
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const code = await closed
  return { said: said.length / 8000, heard: heard / 8000, code }
}

/** A question at 16 kHz, as µ-law at 8 kHz. */
async function speech(): Promise<Buffer> {
  const wav = await readFile(SPEECH)
  const samples = Math.floor((wav.length - WAV_HEADER_BYTES) / 2)
  const at = (i: number): number => wav.readInt16LE(WAV_HEADER_BYTES + 2 * i)
  return Buffer.from(Array.from({ length: samples >> 1 }, (_, i) => mulaw((at(2 * i) + at(2 * i + 1)) / 2)))
}

/** One sample of 16 bits by ITU-T G.711. */
function mulaw(sample: number): number {
  const biased = Math.min(Math.abs(sample), 32_635) + 132
  const exponent = Math.floor(Math.log2(biased)) - 7
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | ((biased >> (exponent + 3)) & 15)) & 0xff
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { said, heard } = await scriptedCall(process.argv[2] ?? 'http://127.0.0.1:7860/')
  console.log(`said ${said.toFixed(1)} s, heard ${heard.toFixed(1)} s back`)
}
