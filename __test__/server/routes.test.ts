import { request as requestOverHttp } from 'node:http'
import { connect } from 'node:net'
import test from 'ava'
import { Log } from '../helpers/call.ts'
import { offerBody } from '../helpers/offer.ts'
import { post, serve } from '../helpers/serve.ts'

const OFFER = 'webrtc/offer'

test('an offer without webrtc_id gets status 422 and JSON that names it', async (t) => {
  const { url } = await serve(t)
  const answer = await post(url + OFFER, { sdp: 'v=0', type: 'offer' })
  t.is(answer.status, 422)
  t.like(answer.body, { status: 'failed', meta: { error: 'invalid_request' } })
  t.regex(JSON.stringify(answer.body), /webrtc_id/)
})

test('an offer without type gets status 422', async (t) => {
  const { url } = await serve(t)
  t.is((await post(url + OFFER, { sdp: 'v=0', webrtc_id: 'a' })).status, 422)
})

test('a candidate for no session is refused with status 200, as pages expect', async (t) => {
  const { url } = await serve(t)
  const candidate = { candidate: '', sdpMid: '0', sdpMLineIndex: 0 }
  const answer = await post(url + OFFER, { type: 'ice-candidate', candidate, webrtc_id: 'nobody' })
  t.is(answer.status, 200)
  t.like(answer.body, { status: 'failed', meta: { error: 'unknown_connection' } })
})

test('a body that is no JSON gets status 400', async (t) => {
  const { url } = await serve(t)
  const answer = await post(url + OFFER, '{"sdp": ')
  t.is(answer.status, 400)
  t.like(answer.body, { status: 'failed', meta: { error: 'invalid_json' } })
})

test('a body over 64 KiB gets status 413, whether it says so or not', async (t) => {
  const { url } = await serve(t)
  const body = JSON.stringify({ sdp: 'x'.repeat(64 * 1024), type: 'offer', webrtc_id: 'a' })
  t.is((await post(url + OFFER, body)).status, 413)
  t.is(await statusOfChunked(url + OFFER, body), 413)
})

test('a body of just 64 KiB is read', async (t) => {
  const { url } = await serve(t)
  const empty = JSON.stringify({ sdp: '', type: 'offer' })
  const answer = await post(url + OFFER, empty.replace('""', `"${'x'.repeat(64 * 1024 - empty.length)}"`))
  t.is(answer.status, 422)
})

test('a body that stops coming is answered with status 408, and the connection ends', async (t) => {
  const { url } = await serve(t, { requestTimeout: 0.1 })
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(`POST /${OFFER} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 100\r\n\r\n{"sdp`)
  let answer = ''
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk
  t.regex(answer, /^HTTP\/1\.1 408 /)
  t.regex(answer, /"request_timeout"/)
})

test('a wrong method gets status 405 and the right one', async (t) => {
  const { url } = await serve(t)
  const offer = await fetch(url + OFFER)
  t.is(offer.status, 405)
  t.is(offer.headers.get('allow'), 'POST, OPTIONS')
  t.is((await fetch(`${url}webrtc/config`, { method: 'DELETE' })).status, 405)
})

test('the configuration holds what the options say', async (t) => {
  const rtcConfiguration = { iceServers: [{ urls: 'stun:stun.example.org' }] }
  const { url } = await serve(t, { rtcConfiguration, trackConstraints: { echoCancellation: false }, mode: 'send' })
  const response = await fetch(`${url}webrtc/config`)
  t.is(response.status, 200)
  t.is(response.headers.get('cache-control'), 'no-store')
  t.like(await response.json(), { rtcConfiguration, trackConstraints: { echoCancellation: false }, mode: 'send' })
})

const FUNCTIONS = {
  'a function': (url: string) => ({ iceServers: [{ urls: `stun:${url.length}.example` }] }),
  'an async function': async (url: string) => ({ iceServers: [{ urls: `stun:${url.length}.example` }] }),
}
for (const [kind, make] of Object.entries(FUNCTIONS)) {
  test(`${kind} makes the configuration of each request, from that request`, async (t) => {
    const seen: string[] = []
    const rtcConfiguration = (asked: Request | undefined): ReturnType<typeof make> => {
      seen.push(asked?.headers.get('x-user') ?? '')
      return make(asked?.url ?? '')
    }
    const { url } = await serve(t, { rtcConfiguration })
    for (const [user, query] of [
      ['ada', ''],
      ['bob', '?region=eu'],
    ] as const) {
      const address = `${url}webrtc/config${query}`
      const answer = (await (await fetch(address, { headers: { 'x-user': user } })).json()) as object
      t.like(answer, { rtcConfiguration: { iceServers: [{ urls: `stun:${address.length}.example` }] } })
    }
    t.deepEqual(seen, ['ada', 'bob'])
  })
}

test('a configuration function that fails gives status 500 without its words, which go to the log', async (t) => {
  const errors: string[] = []
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: (text: string) => void errors.push(text) }
  const { url } = await serve(t, { rtcConfiguration: refusesTheKey, logger })
  const response = await fetch(`${url}webrtc/config`)
  t.is(response.status, 500)
  t.notRegex(await response.text(), /k3y/)
  t.regex(errors.join('\n'), /was refused/)
})

test('a request for a WebSocket elsewhere, or one that is none, is refused, not left hanging', async (t) => {
  const { url } = await serve(t)
  const { hostname, port } = new URL(url)
  const table = [
    ['/websocket', '', /^HTTP\/1\.1 404 Not Found\r\n[^]*\/websocket\/offer and \/telephone\/handler/],
    ['/websocket/offer', '', /^HTTP\/1\.1 400 /],
    ['/websocket/offer', 'Origin: https://evil.example\r\n', /^HTTP\/1\.1 403 [^]*"origin_not_allowed"/],
  ] as const
  for (const [path, header, wanted] of table) {
    const socket = connect(Number(port), hostname)
    const head = `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${header}`
    socket.write(`${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
    let answer = ''
    for await (const chunk of socket.setEncoding('utf8')) answer += chunk
    t.regex(answer, wanted)
  }
})

test('fetch answers the same routes without a server, below a prefix too', async (t) => {
  const { stream } = await serve(t)
  t.is((await stream.fetch(request('/webrtc/config'))).status, 200)
  t.is((await stream.fetch(request('/voice/webrtc/config'), { path: '/voice' })).status, 200)
  t.is((await stream.fetch(request('/webrtc/config'), { path: '/voice' })).status, 404)
  t.is((await stream.fetch(request('/'))).status, 404, 'the page is served when asked for')
  t.is((await stream.fetch(request('/'), { page: true })).status, 200)
})

function request(path: string): Request {
  return new Request(`http://localhost${path}`)
}

function refusesTheKey(): never {
  throw new Error('the key k3y was refused')
}

/** Posts a body without saying how long it is. */
function statusOfChunked(url: string, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = requestOverHttp(url, { method: 'POST' }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('error', reject)
    sent.write(body)
    sent.end()
  })
}

test('an offer that its client gives up is not logged as a fault of the server', async (t) => {
  const log = new Log()
  const rtcConfiguration = (): Promise<never> => new Promise(() => undefined)
  const { stream } = await serve(t, { serverRtcConfiguration: rtcConfiguration, logger: log })
  const abort = new AbortController()
  const body = JSON.stringify(offerBody('a'))
  const given = new Request('http://localhost/webrtc/offer', { method: 'POST', body, signal: abort.signal })
  given.headers.set('content-type', 'application/json')
  const answer = stream.fetch(given)
  while (stream.sessions.size === 0) await new Promise((resolve) => void setImmediate(resolve))
  abort.abort()
  t.true((await answer).status >= 400)
  t.deepEqual(log.lines, [])
  t.is(stream.sessions.size, 0)
})
