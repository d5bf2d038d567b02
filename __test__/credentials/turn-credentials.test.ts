import test from 'ava'
import {
  CredentialsError,
  getCloudflareTurnCredentials,
  getHfTurnCredentials,
  getTurnCredentials,
  getTwilioTurnCredentials,
  type RtcConfiguration,
} from '../../src/index.ts'

const SERVERS = [{ urls: ['turn:turn.example.org:3478?transport=udp'], username: 'name', credential: 'word' }]
const KEYS = {
  CLOUDFLARE_TURN_KEY_ID: 'cf-k3y',
  CLOUDFLARE_TURN_KEY_API_TOKEN: 'cf-t0ken',
  HF_TOKEN: 'hf-t0ken',
  TWILIO_ACCOUNT_SID: 'AC-s1d',
  TWILIO_AUTH_TOKEN: 'tw-t0ken',
}
const { fetch: realFetch } = globalThis

interface Asked {
  readonly url: string
  readonly method: string
  readonly authorization: string
  readonly body: string
}

/** Answers instead of the providers, and keeps what they would have been asked. */
function answerWith(status: number, body: unknown): Asked[] {
  const asked: Asked[] = []
  globalThis.fetch = async (url, init) => {
    const request = new Request(url, init)
    const authorization = request.headers.get('authorization') ?? ''
    asked.push({ url: request.url, method: request.method, authorization, body: await request.text() })
    return Response.json(body, { status })
  }
  return asked
}

test.beforeEach(() => void Object.assign(process.env, KEYS))
test.afterEach.always(() => {
  globalThis.fetch = realFetch
  for (const name of Object.keys(KEYS)) delete process.env[name]
})

test.serial('Cloudflare is asked with the keys of the environment, for ten minutes', async (t) => {
  const asked = answerWith(201, { iceServers: SERVERS })
  t.deepEqual(await getTurnCredentials('cloudflare'), { iceServers: SERVERS })
  t.deepEqual(asked, [
    {
      url: 'https://rtc.live.cloudflare.com/v1/turn/keys/cf-k3y/credentials/generate-ice-servers',
      method: 'POST',
      authorization: 'Bearer cf-t0ken',
      body: '{"ttl":600}',
    },
  ])
})

test.serial('keys and time of the arguments come first', async (t) => {
  const asked = answerWith(201, { iceServers: SERVERS })
  await getCloudflareTurnCredentials({ keyId: 'a/b', apiToken: 'own', ttl: 60 })
  t.like(asked[0], { authorization: 'Bearer own', body: '{"ttl":60}' })
  t.true(asked[0]?.url.includes('/keys/a%2Fb/'))
})

test.serial('one server that is no list is taken too', async (t) => {
  answerWith(201, { iceServers: SERVERS[0] })
  t.deepEqual(await getCloudflareTurnCredentials(), { iceServers: SERVERS })
})

test.serial('the service for accounts of Hugging Face is asked with their token', async (t) => {
  const asked = answerWith(200, { iceServers: SERVERS })
  t.deepEqual(await getTurnCredentials('hf', { ttl: 90 }), { iceServers: SERVERS })
  t.like(asked[0], { method: 'GET', authorization: 'Bearer hf-t0ken' })
  t.regex(asked[0]?.url ?? '', /^https:\/\/[\w-]+\.hf\.space\/credentials\?ttl=90$/)
})

test.serial('Twilio is asked with account and token', async (t) => {
  const asked = answerWith(201, { ice_servers: SERVERS, ttl: '600' })
  t.deepEqual(await getTurnCredentials('twilio'), { iceServers: SERVERS })
  t.deepEqual(asked, [
    {
      url: 'https://api.twilio.com/2010-04-01/Accounts/AC-s1d/Tokens.json',
      method: 'POST',
      authorization: `Basic ${Buffer.from('AC-s1d:tw-t0ken').toString('base64')}`,
      body: 'Ttl=600',
    },
  ])
})

const PROVIDERS: [ask: () => Promise<RtcConfiguration>, variables: string[]][] = [
  [getCloudflareTurnCredentials, ['CLOUDFLARE_TURN_KEY_ID', 'CLOUDFLARE_TURN_KEY_API_TOKEN']],
  [getHfTurnCredentials, ['HF_TOKEN']],
  [getTwilioTurnCredentials, ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN']],
]
for (const [ask, variables] of PROVIDERS) {
  test.serial(`a key that is missing is named: ${variables.join(', ')}`, async (t) => {
    const asked = answerWith(200, {})
    for (const variable of variables) {
      Object.assign(process.env, KEYS)
      process.env[variable] = ' '
      const error = await t.throwsAsync(ask(), { instanceOf: CredentialsError, code: 'ERR_PARLEY_CREDENTIALS' })
      t.regex(error?.message ?? '', new RegExp(`${variable},`))
    }
    t.is(asked.length, 0)
  })

  test.serial(`a refusal names its variables and no value, and so does nonsense: ${variables[0]}`, async (t) => {
    const secrets = new RegExp(Object.values(KEYS).join('|'))
    for (const [status, body] of [
      [401, KEYS],
      [200, { iceServers: [{ urls: 'turn:x', credential: KEYS }], ice_servers: [KEYS] }],
    ] as const) {
      answerWith(status, body)
      const error = await t.throwsAsync(ask(), { instanceOf: CredentialsError })
      t.notRegex(`${error?.message}${String(error?.cause)}`, secrets)
      if (status === 401) t.true(variables.every((name) => error?.message.includes(name)))
    }
  })

  test.serial(`a provider that can't be reached is an error with its cause: ${variables[0]}`, async (t) => {
    const cause = new TypeError('fetch failed')
    globalThis.fetch = () => Promise.reject(cause)
    const error = await t.throwsAsync(ask(), { instanceOf: CredentialsError, message: /can't be reached/ })
    t.is(error?.cause, cause)
  })
}

test.serial('wrong arguments are refused by name', async (t) => {
  await t.throwsAsync(getTurnCredentials('metered' as 'hf'), { instanceOf: RangeError, message: /'twilio'.*"metered"/ })
  await t.throwsAsync(getHfTurnCredentials({ ttl: 0 }), { instanceOf: RangeError, message: /ttl.*0/ })
  await t.throwsAsync(getHfTurnCredentials({ tokn: 'x' } as object), {
    instanceOf: TypeError,
    message: /no option tokn/,
  })
  const error = await t.throwsAsync(getHfTurnCredentials({ token: 12_345 as never }), { instanceOf: TypeError })
  t.notRegex(error?.message ?? '12345', /12345/)
})
