import { once } from 'node:events'
import test from 'ava'
import {
  AsyncStreamHandler,
  type EmitType,
  InvalidCopyError,
  InvalidRequestError,
  type OfferResult,
  type Session,
  type StreamBase,
} from '../../src/index.ts'
import { until } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'
import { offerBody } from '../helpers/offer.ts'
import { quietStream } from '../helpers/quiet-stream.ts'

const CANDIDATE = 'candidate:1 1 udp 2122260223 127.0.0.1 9 typ host'

function candidateBody(id: string, candidate = CANDIDATE): unknown {
  return { type: 'ice-candidate', webrtc_id: id, candidate: { candidate, sdpMid: '0', sdpMLineIndex: 0 } }
}

function kindOf(result: OfferResult): string {
  return 'sdp' in result ? 'answer' : result.status === 'failed' ? result.meta.error : result.status
}

async function offer(stream: StreamBase, id: string, remoteAddress?: string): Promise<string> {
  return kindOf(await stream.offer(offerBody(id), remoteAddress === undefined ? {} : { remoteAddress }))
}

test('an offer is answered with all candidates, a media stream for the track, and a session', async (t) => {
  const { stream } = quietStream(t)
  const session = once(stream, 'session')
  const result = await stream.offer(offerBody('a'), { remoteAddress: '192.0.2.7' })
  if (!('sdp' in result)) return t.fail(JSON.stringify(result))
  t.is(result.type, 'answer')
  t.regex(result.sdp, /^a=candidate:/m)
  t.regex(result.sdp, /^a=msid:\S+ \S+/m)
  t.regex(result.sdp, /^a=sendrecv/m)
  const [{ id, state, transport, remoteAddress, handler }] = (await session) as [Session]
  t.deepEqual(
    { id, state, transport, remoteAddress },
    { id: 'a', state: 'connecting', transport: 'webrtc', remoteAddress: '192.0.2.7' },
  )
  t.true(handler instanceof Echo)
  t.is(stream.sessions.get('a')?.id, 'a')
})

const CONTEXTS: [context: unknown, message: RegExp][] = [
  [null, /option context must be an object, not null/],
  ['192.0.2.7', /option context must be an object, not "192\.0\.2\.7"/],
  [{ remoteAdress: '192.0.2.7' }, /no option context\.remoteAdress; there are signal, request, remoteAddress/],
  [{ remoteAddress: 7 }, /context\.remoteAddress must be a string, not 7/],
  [{ signal: 7 }, /context\.signal must be an AbortSignal, not 7/],
  [{ request: 7 }, /context\.request must be a Request, not 7/],
]
for (const [context, message] of CONTEXTS) {
  test(`a context is refused by name: ${message.source}`, async (t) => {
    const { stream } = quietStream(t)
    await t.throwsAsync(stream.offer(offerBody('a'), context as object), { instanceOf: TypeError, message })
    t.is(stream.sessions.size, 0)
  })
}

test('a client that only sends gets a recvonly answer', async (t) => {
  const { stream } = quietStream(t, { mode: 'send' })
  const result = await stream.offer(offerBody('a', { replace: ['a=sendrecv', 'a=sendonly'] }))
  t.regex('sdp' in result ? result.sdp : '', /^a=recvonly/m)
})

test('of several offers at once with one id exactly one is accepted', async (t) => {
  const { stream } = quietStream(t, { concurrencyLimit: 10 })
  const results = await Promise.all(['a', 'a', 'a', 'a'].map((id) => offer(stream, id)))
  t.deepEqual(results.toSorted(), ['answer', ...Array<string>(3).fill('connection_already_exists')])
})

test('an offer with a known id is refused before media has arrived, without further keys', async (t) => {
  const { stream } = quietStream(t)
  await offer(stream, 'a')
  t.deepEqual(await stream.offer(offerBody('a')), { status: 'failed', meta: { error: 'connection_already_exists' } })
})

test('an offer over the limit is refused with the limit, without further keys', async (t) => {
  const { stream } = quietStream(t, { concurrencyLimit: 2 })
  t.is(await offer(stream, 'a'), 'answer')
  t.is(await offer(stream, 'b'), 'answer')
  t.deepEqual(await stream.offer(offerBody('c')), {
    status: 'failed',
    meta: { error: 'concurrency_limit_reached', limit: 2 },
  })
})

test('offers at once never get more slots than there are', async (t) => {
  const { stream } = quietStream(t, { concurrencyLimit: 2 })
  const results = await Promise.all(['a', 'b', 'c', 'd'].map((id) => offer(stream, id)))
  t.is(results.filter((kind) => kind === 'answer').length, 2)
})

test('an offer that never connects holds no slot of other addresses', async (t) => {
  const { stream } = quietStream(t, { concurrencyLimit: 1 })
  t.is(await offer(stream, 'a', '192.0.2.1'), 'answer')
  t.is(await offer(stream, 'b', '192.0.2.1'), 'concurrency_limit_reached')
  t.is(await offer(stream, 'c', '192.0.2.2'), 'answer')
})

test('a broken offer is refused with a code and a reason, and holds no slot', async (t) => {
  const { stream } = quietStream(t)
  const result = await stream.offer({ type: 'offer', sdp: 'hello', webrtc_id: 'a' })
  if (!('status' in result) || result.status !== 'failed') return t.fail()
  t.is(result.meta.error, 'invalid_sdp')
  t.not(result.meta.message ?? '', '')
  t.is(stream.sessions.size, 0)
  t.is(await offer(stream, 'a'), 'answer')
})

test('an offer with a video track is refused by name unless extra tracks are allowed', async (t) => {
  const video = [
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'c=IN IP4 0.0.0.0',
    'a=mid:2',
    'a=sendrecv',
    'a=rtcp-mux',
    'a=rtpmap:96 VP8/90000',
    '',
  ]
  const replace = [/$/, video.join('\r\n')] as const
  const refused = await quietStream(t).stream.offer(offerBody('a', { replace }))
  t.is(kindOf(refused), 'extra_track')
  t.regex(JSON.stringify(refused), /video/)
  const allowed = quietStream(t, { allowExtraTracks: true })
  t.is(kindOf(await allowed.stream.offer(offerBody('a', { replace }))), 'answer')
})

test('candidates are taken from when their offer was, before it is answered', async (t) => {
  const { stream } = quietStream(t)
  const answer = stream.offer(offerBody('a'))
  t.deepEqual(await stream.offer(candidateBody('a')), { status: 'success' })
  t.is(kindOf(await answer), 'answer')
  t.deepEqual(await stream.offer(candidateBody('a', '')), { status: 'success' })
  t.deepEqual(await stream.offer(candidateBody('a', CANDIDATE.replace('127.0.0.1', 'x.local'))), { status: 'success' })
})

test('a candidate for no session, and one that is malformed, are refused', async (t) => {
  const { stream } = quietStream(t)
  t.is(kindOf(await stream.offer(candidateBody('a'))), 'unknown_connection')
  await offer(stream, 'a')
  t.is(kindOf(await stream.offer(candidateBody('a', 'nonsense'))), 'invalid_candidate_format')
})

test('a body of the wrong shape is an InvalidRequestError', async (t) => {
  const { stream } = quietStream(t)
  await t.throwsAsync(stream.offer({ type: 'offer', sdp: 'v=0' }), { instanceOf: InvalidRequestError })
  t.is(stream.sessions.size, 0)
})

test('an ICE restart by a later offer of the same session is answered anew', async (t) => {
  const { stream } = quietStream(t)
  const first = await stream.offer(offerBody('a'))
  const later = { version: 3, replace: [/ice-ufrag:\S+/g, 'ice-ufrag:Next'] as const }
  const second = await stream.offer(offerBody('a', later))
  t.deepEqual([kindOf(first), kindOf(second)], ['answer', 'answer'])
  const ufrag = (result: OfferResult): string | undefined => /ice-ufrag:(\S+)/.exec(JSON.stringify(result))?.[1]
  t.not(ufrag(second), ufrag(first))
  t.is(stream.sessions.size, 1)
})

test("a later offer with somebody else's certificate or session id is refused", async (t) => {
  const { stream } = quietStream(t)
  await offer(stream, 'a')
  const stranger = offerBody('a', { version: 3, replace: [/65:A4:FB/g, '65:A4:FC'] })
  t.is(kindOf(await stream.offer(stranger)), 'connection_already_exists')
  t.is(kindOf(await stream.offer(offerBody('a', { version: 3, sessionId: '1' }))), 'connection_already_exists')
})

test('a session that does not connect in time is closed, and its slot is free', async (t) => {
  const { stream } = quietStream(t, { connectTimeout: 0.3 })
  // On a busy machine that may be over before the answer is there.
  const closed = once(stream, 'session:closed')
  await offer(stream, 'a')
  const [, reason] = (await closed) as [unknown, string]
  t.is(reason, 'connect_timeout')
  t.is(stream.sessions.size, 0)
  t.is(await offer(stream, 'a'), 'answer')
})

test('an offer whose request was aborted is given up, and holds no slot', async (t) => {
  const { stream } = quietStream(t)
  const abort = new AbortController()
  const answer = stream.offer(offerBody('a'), { signal: abort.signal })
  t.is(stream.sessions.size, 1)
  abort.abort(new Error('gone'))
  await t.throwsAsync(answer, { message: 'gone' })
  t.is(stream.sessions.size, 0)
  t.is(await offer(stream, 'b'), 'answer')
})

function withdrawal(id: string, session: string): object {
  return { type: 'withdraw', webrtc_id: id, offer_session: session }
}

test('a client that gives up before its connection is made frees its place at once, also before the answer', async (t) => {
  const { stream } = quietStream(t, { concurrencyLimit: 1 })
  t.is(kindOf(await stream.offer(offerBody('a', { sessionId: '42' }))), 'answer')
  t.deepEqual(await stream.offer(withdrawal('a', '42')), { status: 'success' })
  t.is(stream.sessions.size, 0)

  const answer = stream.offer(offerBody('b', { sessionId: '43' }))
  t.deepEqual(await stream.offer(withdrawal('b', '43')), { status: 'success' })
  t.is(stream.sessions.size, 0)
  t.is(kindOf(await answer), 'connection_closed')
  t.is(await offer(stream, 'c'), 'answer')
})

test("nobody withdraws an offer that isn't theirs, or learns whether it is there", async (t) => {
  const { stream } = quietStream(t)
  await stream.offer(offerBody('a', { sessionId: '42' }))
  for (const [id, session] of [
    ['a', ''],
    ['a', '4'],
    ['a', '- 42'],
    ['b', '42'],
  ] as const) {
    t.is(kindOf(await stream.offer(withdrawal(id, session))), 'unknown_connection')
  }
  t.true(stream.sessions.has('a'))
})

class Shared extends Echo {
  made: unknown = this
  override copy(): Echo {
    return this.made as Echo
  }
}

const COPIES: [what: string, made: unknown, message: RegExp][] = [
  ['the same handler', undefined, /exists already/],
  ['no handler', { receive() {} }, /Object.*no handler/],
  ['nothing', null, /null/],
]
for (const [what, made, message] of COPIES) {
  test(`a copy() that returns ${what} fails that connection with a clear error`, async (t) => {
    const handler = new Shared()
    if (made !== undefined) handler.made = made
    const { stream, log } = quietStream(t, { handler })
    const errors: Error[] = []
    stream.on('error', (error) => errors.push(error))
    t.is(await offer(stream, 'a'), 'server_error')
    t.true(errors[0] instanceof InvalidCopyError)
    t.regex(errors[0]?.message ?? '', message)
    t.regex(log.lines[0] ?? '', message)
    t.is(stream.sessions.size, 0)
  })
}

test('a copy() that throws fails that connection, and the cause is kept', async (t) => {
  const cause = new Error('no model')
  const handler = new Echo()
  handler.copy = () => {
    throw cause
  }
  const { stream } = quietStream(t, { handler })
  const error = once(stream, 'error')
  t.is(await offer(stream, 'a'), 'server_error')
  t.is(((await error) as [Error])[0].cause, cause)
})

class Counted extends AsyncStreamHandler {
  static shutdowns = 0
  override async receive(): Promise<void> {}
  override async emit(): Promise<EmitType> {
    return null
  }
  override copy(): Counted {
    return new Counted()
  }
  override async shutdown(): Promise<void> {
    Counted.shutdowns++
  }
}

test('the handler of an offer that came to nothing is shut down once', async (t) => {
  const { stream } = quietStream(t, { handler: new Counted() })
  await stream.offer({ type: 'offer', sdp: 'hello', webrtc_id: 'a' })
  t.is(Counted.shutdowns, 1)
  await offer(stream, 'b')
  await stream.close()
  await until(() => Counted.shutdowns === 2)
  t.is(Counted.shutdowns, 2)
})

test('a serverRtcConfiguration function is called for each offer, and its failure is the server’s', async (t) => {
  const requests: unknown[] = []
  const { stream } = quietStream(t, {
    concurrencyLimit: 9,
    serverRtcConfiguration: (request) => {
      requests.push(request)
      if (requests.length > 1) throw new Error('no servers today')
      return { iceServers: [{ urls: 'stun:127.0.0.1:9' }] }
    },
  })
  const request = new Request('http://localhost/webrtc/offer')
  t.is(kindOf(await stream.offer(offerBody('a'), { request })), 'answer')
  const error = once(stream, 'error')
  t.is(await offer(stream, 'b'), 'server_error')
  t.deepEqual(requests, [request, undefined])
  t.regex(((await error) as [Error])[0].message, /serverRtcConfiguration failed: no servers today/)
})

test('after close, no offer is accepted, and the sessions have ended', async (t) => {
  const { stream } = quietStream(t)
  await offer(stream, 'a')
  const closed = once(stream, 'session:closed')
  await stream.close()
  await closed
  t.is(stream.sessions.size, 0)
  t.is(await offer(stream, 'b'), 'connection_closed')
})

test('close with drain lets sessions go on until they have ended', async (t) => {
  const { stream } = quietStream(t)
  await offer(stream, 'a')
  const closed = stream.close({ drain: 60 })
  t.is(stream.sessions.size, 1)
  stream.sessions.get('a')?.close('of itself')
  await closed
  t.is(stream.sessions.size, 0)
})

test('close with drain ends what is left when the time is over', async (t) => {
  const { stream } = quietStream(t)
  await offer(stream, 'a')
  await stream.close({ drain: 0.05 })
  t.is(stream.sessions.size, 0)
})

test('a stream at the end of its block is closed', async (t) => {
  const { stream } = quietStream(t)
  await offer(stream, 'a')
  await stream[Symbol.asyncDispose]()
  t.is(stream.sessions.size, 0)
})

test('listeners that throw or reject, and errors that nobody listens for, leave the process alive', async (t) => {
  const { stream, log } = quietStream(t)
  stream.on('session', () => {
    throw new Error('listener one')
  })
  // oxlint-disable-next-line no-misused-promises -- users do it
  stream.on('session:closed', async () => {
    throw new Error('listener two')
  })
  t.is(await offer(stream, 'a'), 'answer')
  await stream.close()
  await until(() => log.lines.some((line) => line.includes('listener two')))
  t.true(log.lines.some((line) => line.includes('listener one')))
})
