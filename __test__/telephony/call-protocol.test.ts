import test from 'ava'
import { Stream, type TelephoneProvider, telnyx, twilio } from '../../src/index.ts'
import { callProtocol } from '../../src/telephony/call-protocol.ts'
import { Echo } from '../helpers/echo.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')

test('audio and marks of both providers are written around what changes, and read by their fields', (t) => {
  const [id, escaped] = ['MZ"1\\', '"MZ\\"1\\\\"']
  const fields = { event: 'event', media: 'media', payload: 'payload', chunk: 'chunk', track: 'track' }
  const reads = { ...fields, ignoredTrack: 'outbound', mark: 'mark', markName: 'name', streamId: id }
  const sends = { binary: false, joined: 1, playoutMs: 160 }
  const protocol = callProtocol(twilio({ authToken: 'x' }), id)
  const { markName } = protocol.sends
  t.deepEqual(protocol, {
    reads: { ...reads, streamField: 'streamSid' },
    binaryMedia: false,
    sends: {
      ...sends,
      mediaHead: `{"event":"media","streamSid":${escaped},"media":{"payload":"`,
      mediaTail: '"}}',
      markHead: `{"event":"mark","streamSid":${escaped},"mark":{"name":"`,
      markTail: '"}}',
      markName,
      clear: `{"event":"clear","streamSid":${escaped}}`,
    },
  })
  t.like(callProtocol(telnyx({ publicKey: KEY }), id), {
    reads: { ...reads, streamField: 'stream_id' },
    sends: { mediaHead: '{"event":"media","media":{"payload":"', clear: '{"event":"clear"}' },
  })
})

test('marks of each call begin with letters and digits that nobody guesses', (t) => {
  const names = Array.from({ length: 100 }, () => callProtocol(twilio({ authToken: 'x' }), 'MZ1').sends.markName ?? '')
  t.is(new Set(names).size, 100)
  for (const name of names) t.regex(name, /^[a-z][\da-f]{16}[a-z]$/)
})

/** A provider of somebody's own, as Twilio is but for what is given. */
function own(more: Partial<TelephoneProvider>): TelephoneProvider {
  const like = twilio({ authToken: 'x' })
  const names = ['verifyWebhook', 'readCall', 'readMessage', 'media', 'mark', 'clear', 'placeCall'] as const
  const methods = Object.fromEntries(names.map((name) => [name, like[name].bind(like)]))
  return { name: 'Own', isGuarded: true, remedy: '', streamAttributes: {}, ...methods, ...more } as TelephoneProvider
}

test('messages of a provider whose fields nobody knows are read by its adapter alone', (t) => {
  const { reads, sends } = callProtocol(own({}), 'MZ1')
  t.is(reads, undefined)
  t.regex(sends.mediaHead, /"MZ1"/)
})

let count = 0
const WRONG: [what: string, more: Partial<TelephoneProvider>, message: RegExp][] = [
  [
    'numbers its messages',
    { media: (_, payload) => `${count++}${payload}` },
    /^The method media of the provider Own must/,
  ],
  ['repeats the payload', { media: (_, payload) => payload + payload }, /method media/],
  ['drops the payload', { media: () => '{}' }, /method media .* it gave "\{\}"/],
  ['writes marks in capitals', { mark: (_, name) => name.toUpperCase() }, /method mark/],
  ['gives no text', { mark: () => 5 as never }, /method mark .* it gave 5/],
]
for (const [what, more, message] of WRONG) {
  test(`a provider that ${what} is refused when the stream is made`, (t) => {
    const make = (): unknown => new Stream({ handler: new Echo(), telephony: { provider: own(more) } })
    t.throws(make, { instanceOf: TypeError, message })
  })
}

test('a field that has no name is refused', (t) => {
  const provider = own({ streamField: 5 as never })
  const make = (): unknown => new Stream({ handler: new Echo(), telephony: { provider } })
  t.throws(make, {
    instanceOf: TypeError,
    message: /telephony\.provider\.streamField must be the name of a field, not 5/,
  })
})
