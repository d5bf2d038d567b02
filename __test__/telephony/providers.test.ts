import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { CredentialsError, TelephoneError, telnyx, twilio } from '../../src/index.ts'
import type { CallRequest, TelephoneProvider } from '../../src/index.ts'

const REQUEST: CallRequest = {
  to: '+15550100',
  from: '+15550199',
  markup: '<Response/>',
  ringSeconds: 30,
  signal: AbortSignal.timeout(10_000),
}
const VARIABLES = [
  'TWILIO_ACCOUNT_SID',
  'TWILIO_AUTH_TOKEN',
  'TELNYX_API_KEY',
  'TELNYX_CONNECTION_ID',
  'TELNYX_PUBLIC_KEY',
]
const PUBLIC_KEY = Buffer.alloc(32, 7).toString('base64')

interface Asked {
  readonly path: string
  readonly authorization: string
  readonly type: string
  readonly body: string
}

/** A provider's REST API that always answers the same. */
async function api(t: ExecutionContext, status: number, answer: unknown): Promise<{ baseURL: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const { authorization = '', 'content-type': type = '' } = request.headers
    void text(request).then((body) =>
      asked.push({ path: `${request.method} ${request.url}`, authorization, type, body }),
    )
    request.once('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

test.before(() => {
  for (const name of VARIABLES) delete process.env[name]
})
test.afterEach.always(() => {
  for (const name of VARIABLES) delete process.env[name]
})

test.serial('Twilio places a call by its form', async (t) => {
  const { baseURL, asked } = await api(t, 201, { sid: 'CA1', status: 'queued' })
  t.is(await twilio({ accountSid: 'AC1', authToken: 's3cret', baseURL }).placeCall(REQUEST), 'CA1')
  t.deepEqual(asked, [
    {
      path: 'POST /2010-04-01/Accounts/AC1/Calls.json',
      authorization: `Basic ${Buffer.from('AC1:s3cret').toString('base64')}`,
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      body: 'To=%2B15550100&From=%2B15550199&Twiml=%3CResponse%2F%3E&Timeout=30',
    },
  ])
})

test.serial('Telnyx places a call by its TeXML application', async (t) => {
  const { baseURL, asked } = await api(t, 200, { call_sid: 'v3:1', status: 'queued' })
  t.is(await telnyx({ apiKey: 'KEY1', connectionId: '77', baseURL }).placeCall(REQUEST), 'v3:1')
  t.deepEqual(asked, [
    {
      path: 'POST /texml/calls/77',
      authorization: 'Bearer KEY1',
      type: 'application/json',
      body: JSON.stringify({ To: '+15550100', From: '+15550199', Texml: '<Response/>', Timeout: 30 }),
    },
  ])
})

test.serial('keys come from the environment', async (t) => {
  const { baseURL, asked } = await api(t, 201, { sid: 'CA1', call_sid: 'v3:1' })
  Object.assign(process.env, { TWILIO_ACCOUNT_SID: 'ACe', TWILIO_AUTH_TOKEN: ' token\n' })
  Object.assign(process.env, { TELNYX_API_KEY: 'KEYe', TELNYX_CONNECTION_ID: '5', TELNYX_PUBLIC_KEY: PUBLIC_KEY })
  t.true(twilio().isGuarded)
  t.true(telnyx().isGuarded)
  await twilio({ baseURL }).placeCall(REQUEST)
  await telnyx({ baseURL }).placeCall(REQUEST)
  t.deepEqual(
    asked.map(({ path, authorization }) => [path, authorization]),
    [
      ['POST /2010-04-01/Accounts/ACe/Calls.json', `Basic ${Buffer.from('ACe:token').toString('base64')}`],
      ['POST /texml/calls/5', 'Bearer KEYe'],
    ],
  )
})

test.serial('a key that is missing is named, with both places that it may come from', async (t) => {
  const cases: [TelephoneProvider, RegExp][] = [
    [twilio({ authToken: 'x' }), /TWILIO_ACCOUNT_SID, or give the option accountSid/],
    [twilio({ accountSid: 'x' }), /TWILIO_AUTH_TOKEN, or give the option authToken/],
    [telnyx({ connectionId: 'x' }), /TELNYX_API_KEY, or give the option apiKey/],
    [telnyx({ apiKey: 'x' }), /TELNYX_CONNECTION_ID, or give the option connectionId/],
  ]
  for (const [provider, message] of cases) {
    await t.throwsAsync(provider.placeCall(REQUEST), { instanceOf: CredentialsError, message })
  }
})

const REFUSALS: [string, number, unknown, RegExp, string | undefined][] = [
  [
    'wrong keys',
    401,
    { code: 20003, message: 'Authenticate', status: 401 },
    /^Twilio refused the call with status 401: Authenticate, code 20003\. Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or the options/,
    '20003',
  ],
  [
    'a wrong number',
    400,
    { code: 21211, message: "The 'To' number 12 is not a valid phone number.", status: 400 },
    /^Twilio refused the call with status 400: The 'To' number 12 is not a valid phone number\., code 21211$/,
    '21211',
  ],
  ['nothing', 500, '<html>oops</html>', /^Twilio refused the call with status 500$/, undefined],
  [
    'its own keys',
    400,
    { message: 'AC1:s3cret is no login' },
    /^Twilio refused the call with status 400: AC1:… is no login$/,
    undefined,
  ],
]
for (const [what, status, answer, message, providerCode] of REFUSALS) {
  test.serial(`a refusal of Twilio for ${what} says why, without a key`, async (t) => {
    const { baseURL } = await api(t, status, answer)
    const calling = twilio({ accountSid: 'AC1', authToken: 's3cret', baseURL }).placeCall(REQUEST)
    const error = await t.throwsAsync(calling, { instanceOf: TelephoneError, message })
    t.like(error, { code: 'ERR_PARLEY_TELEPHONE', status, providerCode })
  })
}

test.serial('markup that Twilio would not take with a call is not sent', async (t) => {
  const { baseURL, asked } = await api(t, 201, { sid: 'CA1' })
  const markup = `<Response>${'x'.repeat(4000)}</Response>`
  const calling = twilio({ accountSid: 'AC1', authToken: 's3cret', baseURL }).placeCall({ ...REQUEST, markup })
  await t.throwsAsync(calling, { instanceOf: RangeError, message: /greeting and farewell make 4021 characters/ })
  t.deepEqual(asked, [])
})

test.serial('an answer that breaks off says so, and one that does not end is not read', async (t) => {
  const pieces: string[] = []
  const server = createServer((request, response) => {
    response.writeHead(201, { 'content-type': 'application/json' })
    if (request.url?.includes('/AC1/')) response.write('{"sid"', () => response.destroy())
    else {
      const more = (): unknown => response.destroyed || (pieces.push('x'), response.write('x'.repeat(65_536), more))
      more()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const call = (accountSid: string): Promise<string> =>
    twilio({ accountSid, authToken: 's3cret', baseURL }).placeCall(REQUEST)
  await t.throwsAsync(call('AC1'), { instanceOf: TelephoneError, message: /its answer broke off/ })
  await t.throwsAsync(call('AC2'), { instanceOf: TelephoneError, message: /answered a call without its sid/ })
  t.true(pieces.length < 1000, `${pieces.length * 64} KiB`)
})

test.serial('a refusal of Telnyx says why', async (t) => {
  const errors = [
    { code: '10009', title: 'Authentication failed', detail: 'Could not understand the provided credentials' },
  ]
  const { baseURL } = await api(t, 401, { errors })
  const calling = telnyx({ apiKey: 'KEY1', connectionId: '77', baseURL }).placeCall(REQUEST)
  const error = await t.throwsAsync(calling, { instanceOf: TelephoneError })
  t.is(
    error.message,
    'Telnyx refused the call with status 401: Could not understand the provided credentials, code 10009. Check TELNYX_API_KEY and TELNYX_CONNECTION_ID, or the options in their place',
  )
})

test.serial('an answer without a call is an error', async (t) => {
  for (const answer of [{}, [], 'x', '{"sid":5}']) {
    const { baseURL } = await api(t, 200, answer)
    await t.throwsAsync(twilio({ accountSid: 'AC1', authToken: 'x', baseURL }).placeCall(REQUEST), {
      message: /without its sid/,
    })
    await t.throwsAsync(telnyx({ apiKey: 'x', connectionId: 'y', baseURL }).placeCall(REQUEST), {
      message: /without its call_sid/,
    })
  }
})

test.serial('a provider that can not be reached is told so, and no redirect carries a key away', async (t) => {
  const provider = twilio({ accountSid: 'AC1', authToken: 's3cret', baseURL: 'http://127.0.0.1:1' })
  const error = await t.throwsAsync(provider.placeCall(REQUEST), {
    instanceOf: TelephoneError,
    message: /^Twilio can't be reached: /,
  })
  t.notRegex(inspect(error, { depth: 9 }), /s3cret|QUMxOnMzY3JldA/)
  const elsewhere = await api(t, 200, { sid: 'CA1' })
  const server = createServer((_, response) => void response.writeHead(307, { location: elsewhere.baseURL }).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await t.throwsAsync(twilio({ accountSid: 'AC1', authToken: 'x', baseURL }).placeCall(REQUEST), {
    instanceOf: TelephoneError,
  })
  t.is(elsewhere.asked.length, 0)
})

test.serial('placing a call can be given up', async (t) => {
  const provider = twilio({ accountSid: 'AC1', authToken: 'x', baseURL: 'http://127.0.0.1:1' })
  const signal = AbortSignal.abort(new Error('changed my mind'))
  await t.throwsAsync(provider.placeCall({ ...REQUEST, signal }), { message: 'changed my mind' })
})

test.serial('no key is printed with its provider', (t) => {
  const printed = inspect([twilio({ authToken: 's3cret' }), telnyx({ apiKey: 's3cret', publicKey: PUBLIC_KEY })], {
    depth: 9,
    showHidden: true,
  })
  t.notRegex(printed + JSON.stringify(twilio({ authToken: 's3cret' })), /s3cret/)
})

test.serial('options that can not be used are named, and their values are not repeated', (t) => {
  t.throws(() => twilio({ authToken: '' }), {
    instanceOf: TypeError,
    message: /authToken must be a text that isn't empty/,
  })
  t.throws(() => twilio({ authToken: 5 as never }), { instanceOf: TypeError, message: /authToken .* not number/ })
  t.throws(() => twilio({ token: 'x' } as never), {
    instanceOf: TypeError,
    message: /There is no option twilio\.token/,
  })
  t.throws(() => twilio({ baseURL: 'api' }), { instanceOf: TypeError, message: /baseURL .* "api"/ })
  const error = t.throws(() => telnyx({ publicKey: 'no-such-key' }), {
    instanceOf: TypeError,
    message: /publicKey of telnyx\(\) must be/,
  })
  t.notRegex(error.message, /no-such-key/)
})

// Messages as the providers' manuals have them.
const TWILIO_START = {
  event: 'start',
  sequenceNumber: '1',
  start: {
    accountSid: 'AC1',
    streamSid: 'MZ1',
    callSid: 'CA1',
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: { FirstName: 'Jane', odd: 5 },
  },
  streamSid: 'MZ1',
}
const TELNYX_START = {
  event: 'start',
  sequence_number: '1',
  start: {
    user_id: 'u',
    call_control_id: 'v3:1',
    from: '+13122010094',
    to: '+13122123456',
    custom_parameters: { customer_id: 'customer_123' },
    media_format: { encoding: 'PCMU', sample_rate: 8000, channels: 1 },
  },
  stream_id: '32DE0DEA',
}

test('messages of Twilio are read as its manual has them', (t) => {
  const readMessage = (message: Record<string, unknown>): unknown => twilio().readMessage(message)
  t.deepEqual(readMessage({ event: 'connected', protocol: 'Call', version: '1.0.0' }), { kind: 'connected' })
  t.deepEqual(readMessage(TWILIO_START), {
    kind: 'start',
    streamId: 'MZ1',
    callId: 'CA1',
    from: undefined,
    to: undefined,
    encoding: 'mulaw',
    sampleRate: 8000,
    channels: 1,
    parameters: { FirstName: 'Jane' },
  })
  const media = { track: 'inbound', chunk: '2', timestamp: '5', payload: 'AAAA' }
  const message = { event: 'media', sequenceNumber: '3', media, streamSid: 'MZ1' }
  t.deepEqual(readMessage(message), { kind: 'media', streamId: 'MZ1', chunk: 2, payload: 'AAAA' })
  t.deepEqual(readMessage({ ...message, media: { ...media, track: 'outbound' } }), { kind: 'other' })
  t.deepEqual(readMessage({ event: 'mark', sequenceNumber: '4', streamSid: 'MZ1', mark: { name: 'p5' } }), {
    kind: 'mark',
    name: 'p5',
  })
  const dtmf = { event: 'dtmf', streamSid: 'MZ1', sequenceNumber: '5', dtmf: { track: 'inbound_track', digit: '1' } }
  t.deepEqual(readMessage(dtmf), { kind: 'dtmf', digit: '1' })
  const stop = { event: 'stop', sequenceNumber: '5', stop: { accountSid: 'AC1', callSid: 'CA1' }, streamSid: 'MZ1' }
  t.deepEqual(readMessage(stop), { kind: 'stop' })
})

test('messages of Telnyx are read as its manual has them', (t) => {
  const readMessage = (message: Record<string, unknown>): unknown => telnyx().readMessage(message)
  t.deepEqual(readMessage({ event: 'connected', version: '1.0.0' }), { kind: 'connected' })
  t.deepEqual(readMessage(TELNYX_START), {
    kind: 'start',
    streamId: '32DE0DEA',
    callId: 'v3:1',
    from: '+13122010094',
    to: '+13122123456',
    encoding: 'mulaw',
    sampleRate: 8000,
    channels: 1,
    parameters: { customer_id: 'customer_123' },
  })
  const media = { track: 'inbound', chunk: '2', timestamp: '5', payload: 'AAAA' }
  const message = { event: 'media', sequence_number: '4', media, stream_id: '32DE0DEA' }
  t.deepEqual(readMessage(message), { kind: 'media', streamId: '32DE0DEA', chunk: 2, payload: 'AAAA' })
  t.deepEqual(readMessage({ event: 'mark', mark: { name: 'p5' }, stream_id: 'x' }), { kind: 'mark', name: 'p5' })
  const dtmf = { event: 'dtmf', stream_id: '32DE0DEA', occurred_at: '2022', sequence_number: '5', dtmf: { digit: '#' } }
  t.deepEqual(readMessage(dtmf), { kind: 'dtmf', digit: '#' })
  const stop = { event: 'stop', sequence_number: '5', stop: { call_control_id: 'v3:1' }, stream_id: '32DE0DEA' }
  t.deepEqual(readMessage(stop), { kind: 'stop' })
  t.deepEqual(readMessage({ event: 'error', payload: { code: 100002 } }), { kind: 'other' })
})

test('messages of the wrong shape are nothing', (t) => {
  for (const provider of [twilio(), telnyx()]) {
    for (const message of [
      {},
      { event: 5 },
      { event: 'start' },
      { event: 'start', start: [] },
      { event: 'start', streamSid: 'MZ1', stream_id: 'x', start: {} },
      { event: 'media', media: { payload: 'AAAA' } },
      { event: 'media', streamSid: 'MZ1', stream_id: 'x', media: null },
      { event: 'media', streamSid: 'MZ1', stream_id: 'x', media: { payload: 5 } },
      { event: 'mark', mark: 'p5' },
      { event: 'dtmf', dtmf: { digit: 5 } },
    ]) {
      t.is(provider.readMessage(message), undefined, `${provider.name} ${JSON.stringify(message)}`)
    }
  }
})

test('what goes to a provider is what its manual wants', (t) => {
  const [first, second] = [twilio(), telnyx()]
  t.deepEqual(JSON.parse(first.media('MZ1', 'AAAA')), { event: 'media', streamSid: 'MZ1', media: { payload: 'AAAA' } })
  t.deepEqual(JSON.parse(first.mark('MZ1', 'p5')), { event: 'mark', streamSid: 'MZ1', mark: { name: 'p5' } })
  t.deepEqual(JSON.parse(first.clear('MZ1')), { event: 'clear', streamSid: 'MZ1' })
  t.deepEqual(JSON.parse(second.media('x', 'AAAA')), { event: 'media', media: { payload: 'AAAA' } })
  t.deepEqual(JSON.parse(second.mark('x', 'p5')), { event: 'mark', mark: { name: 'p5' } })
  t.deepEqual(JSON.parse(second.clear('x')), { event: 'clear' })
  t.deepEqual(JSON.parse(first.media('M"Z', 'AAAA')), { event: 'media', streamSid: 'M"Z', media: { payload: 'AAAA' } })
})
