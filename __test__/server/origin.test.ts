import { request } from 'node:http'
import test from 'ava'
import { Stream } from '../../src/index.ts'
import { Echo } from '../helpers/echo.ts'
import { post, serve } from '../helpers/serve.ts'

const FOREIGN = 'https://evil.example'
const BODY = { type: 'offer' }

/** The status that the headers of a browser's request get; past the check, the body is found wanting (422). */
async function statusWith(url: string, headers: Record<string, string>): Promise<number> {
  return (await post(`${url}webrtc/offer`, BODY, headers)).status
}

test('an offer from a page of another site is refused, and the answer says what would allow it', async (t) => {
  const { url } = await serve(t)
  const answer = await post(`${url}webrtc/offer`, BODY, { origin: FOREIGN })
  t.is(answer.status, 403)
  t.like(answer.body, { meta: { error: 'origin_not_allowed' } })
  t.regex(JSON.stringify(answer.body), /https:\/\/evil\.example.+allowedOrigins/)
  t.is(answer.headers.get('access-control-allow-origin'), null)
})

test('a page of the same origin may, and so may a program that is no browser', async (t) => {
  const { url } = await serve(t)
  t.is(await statusWith(url, { origin: new URL(url).origin }), 422)
  t.is(await statusWith(url, {}), 422)
})

test('behind a proxy that changes host and scheme, what the browser says of the site decides', async (t) => {
  const { url } = await serve(t)
  const origin = 'https://voice.example'
  t.is(await statusWith(url, { origin, 'sec-fetch-site': 'same-origin' }), 422)
  t.is(await statusWith(url, { origin, 'sec-fetch-site': 'cross-site' }), 403)
  t.is(await statusWith(url, { origin, 'sec-fetch-site': 'same-site' }), 403)
})

test('the same host over TLS, ended by a proxy, is the same origin', async (t) => {
  const { stream } = await serve(t)
  const headers = { host: 'voice.example', origin: 'https://voice.example' }
  t.is((await stream.fetch(new Request('http://10.0.0.1/webrtc/config', { headers }))).status, 200)
})

test('a sandboxed page, whose origin is null, is another site', async (t) => {
  const { url } = await serve(t)
  t.is(await statusWith(url, { origin: 'null' }), 403)
})

test('another port of the same machine is another origin', async (t) => {
  const { url } = await serve(t)
  t.is(await statusWith(url, { origin: 'http://127.0.0.1:1' }), 403)
})

test('the configuration, which may hold credentials, is guarded as well; the page itself is not', async (t) => {
  const { url } = await serve(t)
  const headers = { origin: FOREIGN, 'sec-fetch-site': 'cross-site' }
  t.is((await fetch(`${url}webrtc/config`, { headers })).status, 403)
  t.is((await fetch(url, { headers })).status, 200)
})

test('an origin of allowedOrigins may, and its browser is told so', async (t) => {
  const { url } = await serve(t, { allowedOrigins: ['https://friend.example'] })
  const answer = await post(`${url}webrtc/offer`, BODY, { origin: 'https://friend.example' })
  t.is(answer.status, 422)
  t.is(answer.headers.get('access-control-allow-origin'), 'https://friend.example')
  t.regex(answer.headers.get('vary') ?? '', /Origin/)
  t.is(await statusWith(url, { origin: FOREIGN }), 403)
})

test("allowedOrigins '*' allows every site", async (t) => {
  const { url } = await serve(t, { allowedOrigins: '*' })
  t.is(await statusWith(url, { origin: FOREIGN }), 422)
  t.is(await statusWith(url, { origin: 'null' }), 422)
})

test("a browser's preflight is answered for an allowed origin and refused for another", async (t) => {
  const { url } = await serve(t, { allowedOrigins: ['https://friend.example'] })
  const preflight = (origin: string): Promise<Response> =>
    fetch(`${url}webrtc/offer`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    })
  const allowed = await preflight('https://friend.example')
  t.is(allowed.status, 204)
  t.is(allowed.headers.get('access-control-allow-methods'), 'POST')
  t.is(allowed.headers.get('access-control-allow-headers'), 'content-type')
  t.is((await preflight(FOREIGN)).status, 403)
})

test('a name that was pointed at this machine is refused by a server that listens on its loopback address', async (t) => {
  const { url } = await serve(t)
  t.is(await statusWithHost(url, 'evil.example'), 403)
  t.is(await statusWithHost(url, `localhost:${new URL(url).port}`), 200)
})

test('a tunnel whose origin is listed reaches a server on the loopback address', async (t) => {
  const { url } = await serve(t, { allowedOrigins: ['https://abc.tunnel.example'] })
  t.is(await statusWithHost(url, 'abc.tunnel.example'), 200)
})

test('an allowedOrigins that is no origin fails at construction and is named', (t) => {
  for (const origin of ['example.org', 'https://example.org/path', '', 'https://']) {
    const options = { handler: new Echo(), allowedOrigins: [origin] }
    t.throws(() => new Stream(options), { instanceOf: TypeError, message: new RegExp(JSON.stringify(origin)) })
  }
  for (const [allowedOrigins, message] of [
    [1n, /'\*' or a list of origins, not 1n/],
    [[1n], /like 'https:\/\/example\.org', not 1n/],
    [() => true, /not a function/],
  ] as [never, RegExp][]) {
    t.throws(() => new Stream({ handler: new Echo(), allowedOrigins }), { instanceOf: TypeError, message })
  }
  t.throws(() => new Stream({ handler: new Echo(), requestTimeout: 0 }), { instanceOf: RangeError, message: /0/ })
})

/** `fetch` doesn't let a program choose the Host header. */
function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${url}webrtc/config`, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}
