import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { RefusedError, UnreachableError } from '../../src/client/errors.ts'
import { Signaling } from '../../src/client/signaling.ts'

type Body = Record<string, unknown>

/** A server that answers as told, and what it was sent. */
async function server(t: ExecutionContext, answer: (body: Body) => unknown): Promise<{ url: URL; bodies: Body[] }> {
  const bodies: Body[] = []
  const respond = async (request: IncomingMessage): Promise<string> => {
    const sent = JSON.parse((await text(request)) || '{}') as Body
    const body = { method: request.method, url: request.url, ...sent }
    bodies.push(body)
    const value = answer(body)
    return typeof value === 'string' ? value : JSON.stringify(value)
  }
  const http = createServer((request, response) => void respond(request).then((body) => response.end(body)))
  t.teardown(() => void http.close())
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return { url: new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/voice/`), bodies }
}

function signaling(url: URL): Signaling {
  return new Signaling({ url, headers: { authorization: 'Bearer x' }, credentials: 'same-origin' }, 'id')
}

/** As a browser gives it. */
const CANDIDATE = {
  toJSON: () => ({ candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 }),
} as RTCIceCandidate

const OFFER = { type: 'offer', sdp: 'v=0' } as const

test('an offer is posted below the mount path, with its id, and its answer comes back', async (t) => {
  const { url, bodies } = await server(t, () => ({ type: 'answer', sdp: 'v=1' }))
  t.deepEqual(await signaling(url).offer(OFFER), { type: 'answer', sdp: 'v=1' })
  t.deepEqual(bodies, [{ method: 'POST', url: '/voice/webrtc/offer', ...OFFER, webrtc_id: 'id' }])
})

test('a candidate that overtook its offer is posted again after the answer', async (t) => {
  let known = false
  const unknown = { status: 'failed', meta: { error: 'unknown_connection' } }
  const { url, bodies } = await server(t, ({ type }) => {
    if (type === 'ice-candidate') return known ? { status: 'success' } : unknown
    known = true
    return { type: 'answer', sdp: 'v=1' }
  })
  const call = signaling(url)
  await call.candidate(CANDIDATE)
  await call.offer(OFFER)
  while (bodies.length < 3) await new Promise((resolve) => setImmediate(resolve))
  t.deepEqual(
    bodies.map(({ type }) => type),
    ['ice-candidate', 'offer', 'ice-candidate'],
  )
  t.deepEqual(bodies[2]?.['candidate'], CANDIDATE.toJSON())
})

test('a refused candidate does no harm', async (t) => {
  const { url } = await server(t, () => ({ status: 'failed', meta: { error: 'connection_closed' } }))
  await t.notThrowsAsync(signaling(url).candidate(CANDIDATE))
})

test('an abort has the reason of its signal, whatever that is', async (t) => {
  const { url } = await server(t, () => new Promise(() => undefined))
  const abort = new AbortController()
  const reason = new Error('mine')
  const asked = signaling(url).configuration(abort.signal)
  abort.abort(reason)
  t.is(await t.throwsAsync(asked), reason)
  const late = signaling(url).offer(OFFER, AbortSignal.timeout(5))
  t.is(await late.catch(({ name }: Error) => name), 'TimeoutError')
})

test('an offer is withdrawn by its session, and a server that knows nothing of that does no harm', async (t) => {
  const { url, bodies } = await server(t, () => 'Unprocessable')
  await t.notThrowsAsync(signaling(url).withdraw('42'))
  t.deepEqual(bodies, [
    { method: 'POST', url: '/voice/webrtc/offer', type: 'withdraw', offer_session: '42', webrtc_id: 'id' },
  ])
  await t.notThrowsAsync(signaling(new URL('http://127.0.0.1:9/')).withdraw('42'))
})

test('a refusal has its code, its limit and words for a person', async (t) => {
  const { url } = await server(t, () => ({ status: 'failed', meta: { error: 'concurrency_limit_reached', limit: 3 } }))
  const error = await t.throwsAsync(signaling(url).offer(OFFER), {
    instanceOf: RefusedError,
    code: 'ERR_PARLEY_REFUSED',
  })
  t.is(error?.reason, 'concurrency_limit_reached')
  t.is(error?.limit, 3)
  t.regex(error?.message ?? '', /takes 3 calls at a time/)
})

test("a refusal that the client doesn't know is told in the server's own words", async (t) => {
  const meta = { error: 'unsupported_codec', message: 'The offer has no Opus' }
  const { url } = await server(t, () => ({ status: 'failed', meta }))
  await t.throwsAsync(signaling(url).offer(OFFER), { message: 'The offer has no Opus' })
})

test('a server that is not there, or is no Parley server, is told apart from a refusal', async (t) => {
  const { url } = await server(t, () => '<h1>Welcome to nginx</h1>')
  await t.throwsAsync(signaling(url).configuration(), { instanceOf: UnreachableError, message: /no Parley server/ })
  // Port 9 is discard's; nobody listens there.
  const gone = signaling(new URL('http://127.0.0.1:9/'))
  await t.throwsAsync(gone.configuration(), { instanceOf: UnreachableError, message: /can't be reached/ })
})
