import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { WebSocket } from 'ws'
import { type Session, telnyx } from '../../src/index.ts'
import { toneShare } from '../../src/testing/tone-share.ts'
import { decodeMulaw, mulawTone } from '../helpers/mulaw.ts'
import { type Markup, readMarkup } from '../helpers/scripted-provider.ts'
import { type ServedPhone, servePhone } from '../helpers/serve-phone.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const PORTAL_KEY = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')

function phone(t: ExecutionContext): Promise<ServedPhone> {
  return servePhone(t, {}, { provider: telnyx({ publicKey: PORTAL_KEY }) })
}

/** Posts the webhook of a call as Telnyx does. */
async function ring(
  { webhook, local }: ServedPhone,
  signed: (body: string) => string = (body) => body,
): Promise<Response> {
  const body = new URLSearchParams({
    CallSid: 'v3:abc',
    From: '+15550100',
    To: '+15550199',
    CallerId: 'Ada',
  }).toString()
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = sign(null, Buffer.from(`${timestamp}|${signed(body)}`), privateKey).toString('base64')
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'telnyx-timestamp': timestamp,
    'telnyx-signature-ed25519': signature,
  }
  return fetch(local(webhook), { method: 'POST', body, headers })
}

/** Opens the media socket as Telnyx does, which doesn't sign it. */
async function connect(
  t: ExecutionContext,
  { local }: ServedPhone,
  { url = '', parameters }: Markup,
): Promise<WebSocket> {
  const socket = new WebSocket(local(url))
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  socket.send(JSON.stringify({ event: 'connected', version: '1.0.0' }))
  const media_format = { encoding: 'PCMU', sample_rate: 8000, channels: 1 }
  const start = {
    user_id: 'u',
    call_control_id: 'v3:abc',
    from: '+15550100',
    to: '+15550199',
    media_format,
    custom_parameters: parameters,
  }
  socket.send(JSON.stringify({ event: 'start', sequence_number: '1', start, stream_id: '32DE0DEA' }))
  return socket
}

test('a call by Telnyx is heard, and hears the handler', async (t) => {
  const served = await phone(t)
  const response = await ring(served)
  t.is(response.status, 200)
  const markup = readMarkup(await response.text())
  t.regex(markup.xml, /track="inbound_track" codec="PCMU" bidirectionalMode="rtp" bidirectionalCodec="PCMU"/)
  const [[session], socket] = (await Promise.all([once(served.stream, 'session'), connect(t, served, markup)])) as [
    [Session],
    WebSocket,
  ]
  t.like(session.call, { provider: 'Telnyx', callId: 'v3:abc', from: '+15550100', parameters: { CallerId: 'Ada' } })
  const heard: number[] = []
  const keys: string[] = []
  const kinds = new Set<unknown>()
  session.on('dtmf', (key) => keys.push(key))
  const enough = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const { event, media } = JSON.parse(data.toString()) as { event: string; media?: { payload: string } }
      kinds.add(event)
      if (media !== undefined) heard.push(...decodeMulaw(Buffer.from(media.payload, 'base64')))
      if (heard.length > 8000) resolve()
    })
  })
  const said = mulawTone(600, 2)
  const send = (chunk: number): void => {
    const payload = Buffer.from(said.subarray((chunk - 1) * 160, chunk * 160)).toString('base64')
    const media = { track: 'inbound', chunk: String(chunk), timestamp: '0', payload }
    socket.send(JSON.stringify({ event: 'media', sequence_number: '4', media, stream_id: '32DE0DEA' }))
  }
  // Messages may overtake one another: every other pair does.
  const order = Array.from({ length: 100 }, (_, i) => (i % 4 < 2 ? i + 1 : i % 4 === 2 ? i + 2 : i))
  const timer = setInterval(() => {
    const chunk = order.shift()
    if (chunk !== undefined) send(chunk)
  }, 20)
  t.teardown(() => clearInterval(timer))
  socket.send(JSON.stringify({ event: 'dtmf', stream_id: '32DE0DEA', sequence_number: '5', dtmf: { digit: '#' } }))
  await enough
  t.true(toneShare(Int16Array.from(heard), 8000, 1, 600) > 0.9)
  t.deepEqual(keys, ['#'])
  t.deepEqual(kinds, new Set(['media', 'mark']))
  const closed = once(session, 'closed')
  socket.send(
    JSON.stringify({ event: 'stop', sequence_number: '9', stop: { call_control_id: 'v3:abc' }, stream_id: '32DE0DEA' }),
  )
  t.deepEqual(await closed, ['peer'])
})

test('what Telnyx did not sign is refused, and a socket without its token', async (t) => {
  const served = await phone(t)
  t.is((await ring(served, (body) => `${body}&x=1`)).status, 403)
  const markup = readMarkup(await (await ring(served)).text())
  const forged = await connect(t, served, { ...markup, parameters: {} })
  t.deepEqual(((await once(forged, 'close')) as [number, Buffer]).map(String), ['1008', 'invalid_call_token'])
  t.is(served.stream.sessions.size, 0)
})
