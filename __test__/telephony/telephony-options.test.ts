import test from 'ava'
import { CredentialsError, Stream, twilio, type TelephonyOptions } from '../../src/index.ts'
import { addressesOf, mountedPrefix, publicAddress } from '../../src/telephony/telephone-address.ts'
import { Echo } from '../helpers/echo.ts'

const make = (telephony: unknown): Stream =>
  new Stream({ handler: new Echo(), telephony: telephony as TelephonyOptions })
const provider = twilio({ authToken: 'x' })

/** A provider of one's own, with something wrong about it. */
function own(wrong: object): object {
  const methods = Object.fromEntries(
    (['readCall', 'readMessage', 'placeCall', 'verifyWebhook'] as const).map((name) => [name, () => undefined]),
  )
  const media = (_id: string, payload: string): string => payload
  return {
    name: 'Mine',
    remedy: '',
    isGuarded: true,
    streamAttributes: {},
    ...methods,
    media,
    mark: media,
    clear: () => '',
    ...wrong,
  }
}

test('a stream does not answer the telephone without a key to check who calls', (t) => {
  const error = t.throws(() => make({ provider: twilio() }), { instanceOf: CredentialsError })
  t.is(
    error.message,
    'There is no key to check the webhooks of Twilio with, so anybody could use this server by telephone: set the environment variable TWILIO_AUTH_TOKEN, or give twilio() the option authToken. For tests on this machine alone: telephony.insecure: true',
  )
  t.notThrows(() => make({ provider: twilio(), insecure: true }))
})

test('options that can not be used are named with what can', (t) => {
  const cases: [unknown, RegExp][] = [
    [{}, /telephony\.provider must be twilio\(\), telnyx\(\), or a TelephoneProvider of your own, not undefined/],
    [{ provider: 'twilio' }, /telephony\.provider .* "twilio"/],
    [{ provider, publicURL: 'x' }, /There is no option telephony\.publicURL; there are provider, publicUrl/],
    [{ provider, publicUrl: 'voice.example.org' }, /publicUrl must be an address like .* not "voice\.example\.org"/],
    [{ provider, publicUrl: 'wss://a.example' }, /publicUrl must be an address/],
    [{ provider, publicUrl: 'https://a.example/?x=1' }, /publicUrl must be an address/],
    [{ provider, publicUrl: 'https://me:pw@a.example' }, /publicUrl must be an address/],
    [{ provider, publicUrl: 'http://a.example' }, /publicUrl must begin with https/],
    [{ provider, greeting: '' }, /telephony\.greeting must be a text/],
    [{ provider, greeting: ['Hello', 5] }, /telephony\.greeting must be a text .* not 5/],
    [{ provider, farewell: { voice: 'x' } }, /telephony\.farewell\.text must be a text/],
    [{ provider, farewell: { text: 'x', voise: 'x' } }, /There is no option telephony\.farewell\.voise/],
    [{ provider, insecure: 'no' }, /telephony\.insecure must be true or false/],
    [{ provider: own({ name: undefined }) }, /telephony\.provider\.name must be a text, not undefined/],
    [{ provider: own({ remedy: 5 }) }, /telephony\.provider\.remedy must be a text, not 5/],
    [{ provider: own({ isGuarded: 'no' }) }, /telephony\.provider\.isGuarded must be true or false, not "no"/],
    [{ provider: own({ streamAttributes: { track: 5 } }) }, /provider\.streamAttributes\.track must be a text, not 5/],
    [{ provider: own({ clear: () => 5 }) }, /The method clear of the provider Mine must give a text, not 5/],
    ['twilio', /telephony must be an object/],
  ]
  for (const [telephony, message] of cases) t.throws(() => make(telephony), { instanceOf: TypeError, message })
  t.notThrows(() =>
    make({ provider, publicUrl: 'http://127.0.0.1:7860', greeting: ['Hi', { text: 'Ho', voice: 'x' }] }),
  )
})

test('calls need the telephone, and an address to come back to', async (t) => {
  const call = { to: '+15550100', from: '+15550199' }
  await t.throwsAsync(new Stream({ handler: new Echo() }).call(call), { instanceOf: TypeError, message: /telephony/ })
  await t.throwsAsync(make({ provider }).call(call), { instanceOf: TypeError, message: /telephony\.publicUrl/ })
})

test('options of a call that can not be used are named', async (t) => {
  const stream = make({ provider, publicUrl: 'https://a.example' })
  const call = { to: '+15550100', from: '+15550199' }
  const cases: [unknown, RegExp][] = [
    [{ ...call, to: '' }, /to must be a telephone number like '\+15550100'/],
    [{ ...call, from: 5 }, /from must be a telephone number/],
    [{ ...call, ringSeconds: 1 }, /ringSeconds must be an integer from 5 to 600, not 1/],
    [{ ...call, parameters: { a: 5 } }, /parameters\.a must be a text/],
    [{ ...call, parameters: { a: 'x'.repeat(500) } }, /parameters\.a has 501 characters/],
    [{ ...call, greetings: 'x' }, /There is no option greetings/],
    [{ ...call, signal: 'x' }, /signal must be an AbortSignal, not "x"/],
  ]
  for (const [options, message] of cases) await t.throwsAsync(stream.call(options as never), { message })
})

test('the address for the provider is the public one, with its port and a prefix', (t) => {
  const socket = (publicUrl: string | undefined, path: string, host?: string): readonly string[] =>
    addressesOf(
      publicAddress(publicUrl, false),
      { prefix: mountedPrefix(path, '/telephone/incoming'), host },
      '/telephone/handler',
      'ws',
    )
  const incoming = '/voice/telephone/incoming'
  t.deepEqual(socket('https://a.example', incoming, 'evil'), ['wss://a.example/voice/telephone/handler'])
  t.deepEqual(socket('https://a.example:8443/', incoming, 'evil'), ['wss://a.example:8443/voice/telephone/handler'])
  t.deepEqual(socket('https://a.example/api/v1/', incoming, 'evil'), ['wss://a.example/api/v1/telephone/handler'])
  t.deepEqual(socket('http://localhost:7860', '/telephone/incoming', 'evil'), ['ws://localhost:7860/telephone/handler'])
})

test('without a public address that of the request is taken, if it is one', (t) => {
  const asked = (host: string | undefined): readonly string[] =>
    addressesOf(undefined, { prefix: '/v', host }, '/x', 'http')
  t.deepEqual(asked('a.example:8443'), ['https://a.example:8443/v/x', 'http://a.example:8443/v/x'])
  t.deepEqual(asked('[::1]:7860'), ['http://[::1]:7860/v/x', 'https://[::1]:7860/v/x'])
  for (const host of [undefined, '', 'a b', 'a/b', 'a@b', 'a"b', '<x>', 'a:99999', 'x'.repeat(300)]) {
    t.deepEqual(asked(host), [], host)
  }
})
