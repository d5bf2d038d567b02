import test from 'ava'
import { type CallRequest, type TelephoneProvider, TelephoneError, twilio } from '../../src/index.ts'
import { readMarkup } from '../helpers/scripted-provider.ts'
import { AUTH_TOKEN, servePhone } from '../helpers/serve-phone.ts'
import { untouched, watchedPhone } from '../helpers/watched-phone.ts'

const NUMBERS = { to: '+15550100', from: '+15550199' }

/** Twilio, but for who places calls. */
function placing(placeCall: (request: CallRequest) => unknown): TelephoneProvider {
  return Object.assign(twilio({ authToken: AUTH_TOKEN }), { placeCall: placeCall as TelephoneProvider['placeCall'] })
}

test('a closed stream places no call, and waits for none that rings', async (t) => {
  const { stream } = await servePhone(t, {}, { provider: placing(async () => 'CA1') })
  const ringing = await stream.call(NUMBERS)
  await stream.close()
  await t.throwsAsync(ringing.answered(), { instanceOf: TelephoneError, message: /The stream was closed before/ })
  await t.throwsAsync(stream.call(NUMBERS), { instanceOf: TelephoneError, message: /The stream was closed: / })
})

test('a stream that is closed is busy for who calls', async (t) => {
  const { stream } = await servePhone(t, {}, { insecure: true })
  await stream.close()
  const body = new URLSearchParams({ CallSid: 'CA1', From: NUMBERS.from, To: NUMBERS.to })
  const response = await stream.fetch(new Request('http://127.0.0.1/telephone/incoming', { method: 'POST', body }))
  t.regex(await response.text(), /<Reject reason="busy"\/>/)
})

test('a call that was given up is turned away when it is answered after all', async (t) => {
  const asked: CallRequest[] = []
  const provider = placing(async (request) => {
    asked.push(request)
    throw new Error('no answer')
  })
  const phone = await watchedPhone(t, {}, { provider })
  await t.throwsAsync(phone.stream.call(NUMBERS), { message: 'no answer' })
  const call = await phone.provider.connect(readMarkup(asked[0]?.markup ?? ''), { callSid: 'CA9' })
  t.deepEqual(await call.closed, { code: 1008, reason: 'invalid_call_token' })
  untouched(t, phone)
})

test('a signal says when to give up, and its reason why', async (t) => {
  const gives = ({ signal }: CallRequest): Promise<string> =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  const { stream } = await servePhone(t, {}, { provider: placing(gives) })
  const giving = new AbortController()
  const calling = stream.call({ ...NUMBERS, signal: giving.signal })
  giving.abort(new Error('changed my mind'))
  await t.throwsAsync(calling, { message: 'changed my mind' })
})

test("parameters are the handler's alone, whatever they are called", async (t) => {
  const asked: CallRequest[] = []
  const provider = placing(async (request) => `CA${asked.push(request)}`)
  const phone = await servePhone(t, {}, { provider })
  const parameters = { parleyToken: 'x', From: 'me', note: 'n'.repeat(400) }
  const placed = await phone.stream.call({ ...NUMBERS, parameters })
  const markup = readMarkup(asked[0]?.markup ?? '')
  t.deepEqual(Object.keys(markup.parameters), ['parleyToken', 'From', 'To'])
  t.is(markup.parameters['From'], NUMBERS.from)
  await phone.provider.connect(markup, { callSid: placed.callId })
  t.deepEqual((await placed.answered()).call?.parameters, parameters)
})

test('a provider that does not say what it calls a call is named', async (t) => {
  const { stream } = await servePhone(t, {}, { provider: placing(() => undefined) })
  const message =
    'The method placeCall of the provider Twilio must give what the provider calls the call, not undefined'
  await t.throwsAsync(stream.call(NUMBERS), { instanceOf: TypeError, message })
})
