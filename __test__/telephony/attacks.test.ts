import { once } from 'node:events'
import test from 'ava'
import { WebSocket } from 'ws'
import { type Session, twilio } from '../../src/index.ts'
import { mulawTone } from '../helpers/mulaw.ts'
import type { Markup, ScriptedCall } from '../helpers/scripted-provider.ts'
import { AUTH_TOKEN } from '../helpers/serve-phone.ts'
import { markupFor, untouched, watchedPhone } from '../helpers/watched-phone.ts'

test('a webhook without a valid signature gets no markup', async (t) => {
  const phone = await watchedPhone(t)
  const { provider, webhook, local, log } = phone
  const form = provider.form('CA1')
  const forged = [
    provider.sign(webhook, { ...form, From: '+15550666' }),
    provider.sign(webhook.replace('https', 'http'), form),
    provider.sign(`${webhook}?x=1`, form),
    provider.sign(webhook),
    '',
    'x'.repeat(28),
  ]
  for (const signature of forged) {
    const response = await provider.post(webhook, form, signature)
    t.is(response.status, 403)
    t.like(await response.json(), { meta: { error: 'invalid_signature' } })
  }
  const unsigned = await fetch(local(webhook), { method: 'POST', body: new URLSearchParams(form) })
  t.is(unsigned.status, 403)
  const byHost = provider.sign(local(webhook), form)
  t.is((await provider.post(webhook, form, byHost)).status, 403, 'the Host header counts for nothing')
  t.is(log.lines.filter((line) => line.includes('valid signature')).length, 1, 'the log is not flooded')
  untouched(t, phone)
})

test('a query that the webhook was configured with is signed too', async (t) => {
  const { provider, webhook } = await watchedPhone(t)
  const response = await provider.post(`${webhook}?team=blue`, provider.form('CA1'))
  t.is(response.status, 200)
})

test('a webhook that is none is refused by what is wrong with it', async (t) => {
  const { provider, webhook, local } = await watchedPhone(t)
  const status = async (init: RequestInit): Promise<number> => (await fetch(local(webhook), init)).status
  t.is(await status({ method: 'GET' }), 405)
  t.is(await status({ method: 'POST', body: JSON.stringify({}), headers: { 'content-type': 'application/json' } }), 415)
  const long = { ...provider.form('CA1'), More: 'x'.repeat(70_000) }
  t.is((await provider.post(webhook, long)).status, 413)
  const { CallSid, ...rest } = provider.form('CA1')
  t.is((await provider.post(webhook, rest)).status, 400, `without ${CallSid}`)
  t.is((await provider.post(webhook, { ...rest, CallSid: 'C'.repeat(300) })).status, 400)
})

test('a socket whose signature is wrong is refused before it is one', async (t) => {
  const phone = await watchedPhone(t)
  const { provider } = phone
  const markup = await markupFor(phone, 'CA1')
  const { url = '' } = markup
  for (const signature of [undefined, '', provider.sign(url.replace('wss', 'https')), provider.sign(`${url}?x=1`)]) {
    await t.throwsAsync(provider.connect(markup, { callSid: 'CA1', signature }), { message: /403/ })
  }
  untouched(t, phone)
})

const WRONG_TOKENS: Record<string, (markup: Markup) => { parameters?: Record<string, string>; callSid?: string }> = {
  missing: () => ({ parameters: {} }),
  wrong: () => ({ parameters: { parleyToken: 'A'.repeat(22) } }),
  empty: () => ({ parameters: { parleyToken: '' } }),
  'of another call': ({ parameters }) => ({ parameters, callSid: 'CA2' }),
}
for (const [what, edits] of Object.entries(WRONG_TOKENS)) {
  test(`a start whose token is ${what} is refused`, async (t) => {
    const phone = await watchedPhone(t)
    const markup = await markupFor(phone, 'CA1')
    const call = await phone.provider.connect(markup, { callSid: 'CA1', ...edits(markup) })
    call.say(mulawTone(600, 0.2))
    t.deepEqual(await call.closed, { code: 1008, reason: 'invalid_call_token' })
    untouched(t, phone)
  })
}

test('a start that is replayed is refused, while its call goes on and after', async (t) => {
  const phone = await watchedPhone(t)
  const { provider, stream, handler } = phone
  const markup = await markupFor(phone, 'CA1')
  const edits = { callSid: 'CA1', streamSid: 'MZ1' }
  const first = await provider.connect(markup, edits)
  await first.until(() => handler.reached.started === 1)
  const refused = { code: 1008, reason: 'invalid_call_token' }
  t.deepEqual(await (await provider.connect(markup, edits)).closed, refused)
  t.is(stream.sessions.size, 1)
  first.stop()
  await first.closed
  t.deepEqual(await (await provider.connect(markup, edits)).closed, refused)
  t.is(handler.reached.started, 1)
})

test('a second call of a stream that is under way is refused', async (t) => {
  const phone = await watchedPhone(t)
  const [first, second] = [await markupFor(phone, 'CA1'), await markupFor(phone, 'CA2')]
  await Promise.all([
    once(phone.stream, 'session'),
    phone.provider.connect(first, { callSid: 'CA1', streamSid: 'MZ1' }),
  ])
  const call = await phone.provider.connect(second, { callSid: 'CA2', streamSid: 'MZ1' })
  t.deepEqual(await call.closed, { code: 1008, reason: 'connection_already_exists' })
})

test('media that are no 8 kHz µ-law are refused', async (t) => {
  for (const mediaFormat of [{ encoding: 'audio/x-l16' }, { sampleRate: 16_000 }, { channels: 2 }]) {
    const phone = await watchedPhone(t)
    const call = await phone.provider.connect(await markupFor(phone, 'CA1'), { callSid: 'CA1', mediaFormat })
    t.deepEqual(await call.closed, { code: 1003, reason: 'unsupported_media' })
    untouched(t, phone)
  }
})

/** What is sent before a start, and what the socket is closed with. */
const UNSTARTED: [string, unknown, number, string][] = [
  ['media', { event: 'media', streamSid: 'MZ1', media: { chunk: '1', payload: 'AAAA' } }, 1008, 'start_expected'],
  ['a mark', { event: 'mark', streamSid: 'MZ1', mark: { name: 'p1' } }, 1008, 'start_expected'],
  ['a key', { event: 'dtmf', streamSid: 'MZ1', dtmf: { digit: '1' } }, 1008, 'start_expected'],
  ['no JSON', 'hello', 1007, 'invalid_message'],
  ['JSON that is no object', '[1,2]', 1007, 'invalid_message'],
  ['an object without an event', '{}', 1007, 'invalid_message'],
  ['a start without its call', { event: 'start', streamSid: 'MZ1', start: {} }, 1007, 'invalid_message'],
  ['a binary message', Buffer.from('{"event":"connected"}'), 1003, 'text_expected'],
]
for (const [what, message, code, reason] of UNSTARTED) {
  test(`${what} before a start closes the socket`, async (t) => {
    const phone = await watchedPhone(t)
    const call = await phone.provider.connect(await markupFor(phone, 'CA1'), { callSid: 'CA1', starts: false })
    call.send(message)
    t.deepEqual(await call.closed, { code, reason })
    untouched(t, phone)
  })
}

/** The same after it. */
const STARTED: [string, unknown, number, string][] = [
  ['no JSON', '{"event":"media"', 1007, 'invalid_message'],
  ['media without its audio', { event: 'media', streamSid: 'MZ1', media: {} }, 1007, 'invalid_message'],
  ['media of another stream', { event: 'media', streamSid: 'MZ2', media: { payload: 'AAAA' } }, 1008, 'unknown_stream'],
  ['a binary message', Buffer.from([1, 2, 3]), 1003, 'text_expected'],
]
for (const [what, message, code, reason] of STARTED) {
  test(`${what} ends the call`, async (t) => {
    const phone = await watchedPhone(t)
    const markup = await markupFor(phone, 'CA1')
    const [[session], call] = (await Promise.all([
      once(phone.stream, 'session'),
      phone.provider.connect(markup, { callSid: 'CA1', streamSid: 'MZ1' }),
    ])) as [[Session], ScriptedCall]
    call.send(message)
    t.deepEqual(await call.closed, { code, reason })
    t.is(session.state, 'closed')
    t.is(phone.stream.sessions.size, 0)
  })
}

test('a second start on one socket ends the call', async (t) => {
  const phone = await watchedPhone(t)
  const call = await phone.provider.connect(await markupFor(phone, 'CA1'), { callSid: 'CA1' })
  call.start('AC1', {})
  t.deepEqual(await call.closed, { code: 1008, reason: 'already_started' })
})

test('a message that is too long closes the socket', async (t) => {
  const phone = await watchedPhone(t)
  const call = await phone.provider.connect(await markupFor(phone, 'CA1'), { callSid: 'CA1', starts: false })
  call.send(JSON.stringify({ event: 'connected', more: 'x'.repeat(70_000) }))
  t.is((await call.closed).code, 1009)
  untouched(t, phone)
})

test('messages of kinds that nobody knows yet change nothing', async (t) => {
  const phone = await watchedPhone(t)
  const call = await phone.provider.connect(await markupFor(phone, 'CA1'), { callSid: 'CA1' })
  call.send({ event: 'something-new', streamSid: call.streamSid })
  call.send({ event: 'mark', streamSid: call.streamSid, mark: { name: 'never sent' } })
  call.say(mulawTone(600, 0.2))
  await call.until(() => phone.handler.reached.frames > 5)
  t.is(phone.stream.sessions.size, 1)
})

test('without keys a phone that is said to be insecure takes every call, but of no page', async (t) => {
  const phone = await watchedPhone(t, {}, { provider: twilio(), insecure: true })
  const url = 'wss://voice.example.org/telephone/handler'
  const [[session], call] = (await Promise.all([
    once(phone.stream, 'session'),
    phone.provider.connect({ xml: '', url, parameters: { From: '+15550123', team: 'blue' } }, { signature: undefined }),
  ])) as [[{ call: unknown }], ScriptedCall]
  t.like(session.call, { from: '+15550123', callId: call.callSid, parameters: { team: 'blue' } })
  for (const origin of ['https://evil.example', 'null', 'evil.example']) {
    const page = new WebSocket(phone.local(url), { headers: { origin } })
    const [error] = (await once(page, 'error')) as [Error]
    t.regex(error.message, /403/, origin)
  }
  const wrong = await phone.provider.connect(
    { xml: '', url, parameters: { parleyToken: 'x' } },
    { signature: undefined },
  )
  t.is((await wrong.closed).code, 1008)
})

for (const method of ['verifyWebhook', 'verifySocket'] as const) {
  test(`a promise of ${method} is no signature`, async (t) => {
    const promising = { [method]: async () => true }
    const phone = await watchedPhone(t, {}, { provider: Object.assign(twilio({ authToken: AUTH_TOKEN }), promising) })
    const { provider, webhook, log } = phone
    const answer = await provider.post(webhook, provider.form('CA1'))
    t.is(answer.status, method === 'verifyWebhook' ? 500 : 200)
    const url = 'wss://voice.example.org/telephone/handler'
    const connecting = provider.connect({ xml: '', url, parameters: {} }, { callSid: 'CA1' })
    await t.throwsAsync(connecting, { message: /500/ })
    t.regex(
      log.lines.join('\n'),
      new RegExp(`The method ${method} of the provider Twilio must give true or false at once`),
    )
    untouched(t, phone)
  })
}

test('audio that is no base64 is no audio', async (t) => {
  const phone = await watchedPhone(t)
  const call = await phone.provider.connect(await markupFor(phone, 'CA1'), { callSid: 'CA1' })
  call.send({ event: 'media', streamSid: call.streamSid, media: { chunk: '1', payload: '<this is not base64!>' } })
  t.deepEqual(await call.closed, { code: 1007, reason: 'invalid_message' })
  t.is(phone.handler.reached.frames, 0)
})

test('no secret is logged', async (t) => {
  const phone = await watchedPhone(t)
  const { provider, webhook, log } = phone
  await provider.post(webhook, provider.form('CA1'), 'forged')
  const markup = await markupFor(phone, 'CA1')
  const call = await provider.connect(markup, { callSid: 'CA1' })
  call.stop()
  await call.closed
  const [token = 'no token'] = [markup.parameters['parleyToken']]
  t.is(log.lines.join('\n').match(new RegExp(`a-secret-of-the-account|${token}`)), null)
})
