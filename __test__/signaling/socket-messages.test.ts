import test from 'ava'
import { InvalidRequestError } from '../../src/index.ts'
import { MEDIA_AROUND, parseBase64, parseSocketMessage, parseStart } from '../../src/signaling/socket-messages.ts'

test('messages of pages are read, and unknown events are told from what makes no sense', (t) => {
  const table: [text: string, event: string][] = [
    ['{"event":"start","websocket_id":"a"}', 'start'],
    ['{"event":"media","media":{"payload":""}}', 'media'],
    ['{"event":"media","media":{"payload":"/w==","track":"inbound"},"streamSid":"x"}', 'media'],
    ['{"event":"ping"}', 'ping'],
    ['{"event":"stop"}', 'stop'],
    ['{"event":"played","payloads":0}', 'played'],
    ['{"event":"message","data":""}', 'message'],
    ['{"event":"connected"}', 'unknown'],
    ['{"event":"constructor"}', 'unknown'],
    ['{"event":7}', 'unknown'],
    ['{"type":"offer"}', 'unknown'],
    ['{}', 'unknown'],
    ['', 'malformed'],
    ['{', 'malformed'],
    ['null', 'malformed'],
    ['7', 'malformed'],
    ['"start"', 'malformed'],
    ['[{"event":"stop"}]', 'malformed'],
    ['{"event":"media"}', 'malformed'],
    ['{"event":"media","media":null}', 'malformed'],
    ['{"event":"media","media":{"payload":[255]}}', 'malformed'],
    ['{"event":"media","media":{"payload":"}}', 'malformed'],
    ['{"event":"media","media":{"payload":"a"b"}}', 'malformed'],
    ['{"event":"media","media":{"payload":"\n"}}', 'malformed'],
    ['{"event":"played","payloads":-1}', 'malformed'],
    ['{"event":"played","payloads":"1"}', 'malformed'],
    ['{"event":"played","payloads":4294967296}', 'malformed'],
    ['{"event":"message","data":{}}', 'malformed'],
  ]
  for (const [text, event] of table) t.like(parseSocketMessage(text), { event }, text)
})

test('audio is read whole however its message is written', (t) => {
  for (const payload of ['', 'AAAA', '/+8=', '/w==', 'é', 'a b', '=a', '"}}', '\\']) {
    const message = { event: 'media', media: { payload } } as const
    const wanted = { event: 'media', payload } as const
    t.deepEqual(parseSocketMessage(JSON.stringify(message)), wanted)
    t.deepEqual(parseSocketMessage(JSON.stringify(message, null, 1)), wanted)
  }
  t.deepEqual(parseSocketMessage(MEDIA_AROUND.join('/w==')), { event: 'media', payload: '/w==' })
})

test('a start without terms is that of an old page', (t) => {
  for (const fields of [{}, { encoding: null, sampleRate: null, binary: null }]) {
    t.deepEqual(parseStart({ websocket_id: 'a', ...fields }), {
      id: 'a',
      isNegotiated: false,
      encoding: 'mulaw',
      sampleRate: undefined,
      binary: false,
      replaces: undefined,
    })
  }
})

test('the terms of a start are read and completed', (t) => {
  const table: [fields: object, terms: object][] = [
    [{ encoding: 'mulaw' }, { encoding: 'mulaw', sampleRate: undefined, binary: false }],
    [{ binary: false }, { encoding: 'mulaw', sampleRate: undefined, binary: false }],
    [{ sampleRate: 11_050 }, { encoding: 'mulaw', sampleRate: 11_050 }],
    [
      { encoding: 'pcm_s16le', sampleRate: 44_100, binary: true },
      { sampleRate: 44_100, binary: true },
    ],
    [{ encoding: 'opus' }, { encoding: 'opus', sampleRate: 48_000 }],
    [
      { encoding: 'opus', sampleRate: 24_000, replaces: '7' },
      { sampleRate: 24_000, replaces: '7' },
    ],
  ]
  for (const [fields, terms] of table)
    t.like(parseStart({ websocket_id: 'a', ...fields }), { isNegotiated: true, ...terms })
})

test('a start that can not be used is refused, and the field is named', (t) => {
  const table: [fields: object, field: string, value: RegExp][] = [
    [{}, 'websocket_id', /missing/],
    [{ websocket_id: '' }, 'websocket_id', /""/],
    [{ websocket_id: 7 }, 'websocket_id', /7/],
    [{ websocket_id: 'a\nb' }, 'websocket_id', /control/],
    [{ websocket_id: 'x'.repeat(257) }, 'websocket_id', /256/],
    [{ websocket_id: 'a', encoding: 'alaw' }, 'encoding', /"alaw"/],
    [{ websocket_id: 'a', sampleRate: 7999 }, 'sampleRate', /7999/],
    [{ websocket_id: 'a', sampleRate: 48_001 }, 'sampleRate', /48001/],
    [{ websocket_id: 'a', sampleRate: 8000.5 }, 'sampleRate', /8000\.5/],
    [{ websocket_id: 'a', sampleRate: 11_025 }, 'sampleRate', /multiple of 50.*11025/],
    [{ websocket_id: 'a', sampleRate: '8000' }, 'sampleRate', /"8000"/],
    [{ websocket_id: 'a', encoding: 'opus', sampleRate: 44_100 }, 'sampleRate', /Opus.*44100/],
    [{ websocket_id: 'a', binary: 1 }, 'binary', /1/],
    [{ websocket_id: 'a', replaces: 7 }, 'replaces', /7/],
  ]
  for (const [fields, field, message] of table) {
    const error = t.throws(() => parseStart(fields as Record<string, unknown>), {
      instanceOf: InvalidRequestError,
      message,
    })
    t.is(error?.field, field)
  }
})

test('audio goes into a media message and comes out of it', (t) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  for (const length of [0, 1, 2, 3, 160, 256]) {
    const payload = bytes.subarray(0, length)
    const text = MEDIA_AROUND.join(Buffer.from(payload).toString('base64'))
    const message = JSON.parse(text) as { event: string; media: { payload: string } }
    t.is(message.event, 'media')
    t.deepEqual(Uint8Array.from(parseBase64(message.media.payload) ?? []), payload)
  }
})

test('base64 is taken with and without padding, and nothing else is', (t) => {
  for (const text of ['', '/w==', '/w', 'AAA=', 'AAA', 'AAAA']) t.not(parseBase64(text), undefined, text)
  for (const text of ['!', 'A', 'AA A', 'AAAA!AAA', '====', 'AAAA=AAA', 'ÿÿÿÿ'])
    t.is(parseBase64(text), undefined, text)
})
