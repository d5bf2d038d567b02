import { inspect } from 'node:util'
import test from 'ava'
import { openaiCompatibleStt, SpeechServiceError, TimeoutError } from '../../src/index.ts'
import type { AudioFrame, OpenaiCompatibleSttOptions } from '../../src/index.ts'
import { readWav } from '../../src/audio-files/read-wav.ts'
import { collect } from '../helpers/collect.ts'
import { bytes, json, pieces, speechService } from '../helpers/speech-service.ts'

const KEY = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789'
const SPEECH: AudioFrame = [16_000, new Int16Array(16_000).fill(1000)]

async function wavOf(form: FormData): Promise<ReturnType<typeof readWav>> {
  return readWav(new Uint8Array(await (form.get('file') as File).arrayBuffer()))
}

/** Everything that a log could show of an error. */
function shown(error: unknown): string {
  return `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`
}

test('speech is posted as a WAV file in a form, and the transcript comes back trimmed', async (t) => {
  const service = await speechService(t, json({ text: ' What is the time? ' }))
  const stt = openaiCompatibleStt({
    baseURL: `${service.baseURL}/`,
    apiKey: ` ${KEY}\n`,
    model: 'whisper-1',
    language: 'en',
    prompt: 'Parley',
    temperature: 0,
    headers: { 'X-Tenant': 'blue' },
  })
  t.is(await stt.stt(SPEECH), 'What is the time?')
  const [asked] = service.asked
  t.is(asked?.path, '/v1/audio/transcriptions')
  t.is(asked?.headers.authorization, `Bearer ${KEY}`)
  t.is(asked?.headers['x-tenant'], 'blue')
  const { file: _, ...fields } = Object.fromEntries(asked?.form ?? [])
  t.deepEqual(fields, {
    model: 'whisper-1',
    response_format: 'json',
    language: 'en',
    prompt: 'Parley',
    temperature: '0',
  })
  const file = asked?.form.get('file') as File
  t.deepEqual([file.name, file.type], ['speech.wav', 'audio/wav'])
  t.deepEqual(await wavOf(asked?.form as FormData), [16_000, SPEECH[1].map((sample) => sample - 1), 'mono'])
})

test('without a key there is no header, and a query of the base URL is kept', async (t) => {
  const service = await speechService(t, json({ text: 'yes' }))
  await openaiCompatibleStt({ baseURL: `${service.baseURL}?api-version=1`, model: 'x' }).stt(SPEECH)
  t.is(service.asked[0]?.headers.authorization, undefined)
  t.is(service.asked[0]?.path, '/v1/audio/transcriptions?api-version=1')
})

test('stereo and higher rates are sent as mono with 16,000 Hz, lower rates as they are', async (t) => {
  const service = await speechService(t, json({ text: 'yes' }))
  const stt = openaiCompatibleStt({ baseURL: service.baseURL, model: 'x' })
  const left = (rate: number) => Int16Array.from({ length: rate * 2 }, (_, i) => (i % 2 === 0 ? 8000 : 0))
  await stt.stt([48_000, left(48_000), 'stereo'])
  await stt.stt([8000, new Int16Array(8000)])
  const [rate, samples, layout] = await wavOf(service.asked[0]?.form as FormData)
  t.deepEqual([rate, samples.length, layout], [16_000, 16_000, 'mono'])
  t.true(Math.abs((samples[8000] as number) - 4000) <= 2)
  t.is((await wavOf(service.asked[1]?.form as FormData))[0], 8000)
})

test('speech that is too short for a service is padded, and none at all asks nobody', async (t) => {
  const service = await speechService(t, json({ text: 'yes' }))
  const stt = openaiCompatibleStt({ baseURL: service.baseURL, model: 'x' })
  t.is(await stt.stt([48_000, new Int16Array(0)]), '')
  t.deepEqual(await collect(stt.streamStt([48_000, new Int16Array(0)])), [])
  t.is(service.asked.length, 0)
  t.is(await stt.stt([16_000, new Int16Array(160)]), 'yes')
  t.is((await wavOf(service.asked[0]?.form as FormData))[1].length, 1600)
})

test('all three forms of a transcript are read, whatever was asked for', async (t) => {
  const answers = [
    json({ text: 'Hello.' }),
    bytes('Hello.\n', 'text/plain; charset=utf-8'),
    json({ task: 'transcribe', duration: 1, text: 'Hello.', segments: [{ text: 'Hello.' }] }),
  ]
  for (const responseFormat of ['json', 'text', 'verbose_json'] as const) {
    const service = await speechService(t, (response, asked) => answers.shift()?.(response, asked))
    const stt = openaiCompatibleStt({ baseURL: service.baseURL, model: 'x', responseFormat })
    t.is(await stt.stt(SPEECH), 'Hello.')
    t.is(service.asked[0]?.form.get('response_format'), responseFormat)
  }
})

const STREAMS: readonly [who: string, events: string, words: string[]][] = [
  [
    'OpenAI',
    'event: transcript.text.delta\ndata: {"type":"transcript.text.delta","delta":"Grüß "}\n\n' +
      'data: {"type":"transcript.text.delta","delta":"Gott"}\n\n' +
      'data: {"type":"transcript.text.done","text":"Grüß Gott"}\n\n',
    ['Grüß ', 'Gott'],
  ],
  [
    'vLLM',
    'data: {"object":"transcription.chunk","choices":[{"delta":{"content":"Grüß "}}]}\r\n\r\n' +
      ': keep-alive\r\n\r\n' +
      'data: {"choices":[{"delta":{"content":"Gott"}}]}\r\n\r\ndata: {"choices":[]}\r\n\r\ndata: [DONE]\r\n\r\n',
    ['Grüß ', 'Gott'],
  ],
  ['segments', 'data: {"text":"Grüß "}\n\ndata: {"text":"Gott"}', ['Grüß ', 'Gott']],
  ['nothing but the end', 'data: {"type":"transcript.text.done","text":"Grüß Gott"}\n\n', ['Grüß Gott']],
]

for (const [who, events, words] of STREAMS) {
  test(`a transcript is read while it is written, as ${who} would`, async (t) => {
    const service = await speechService(t, async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      const all = Buffer.from(events)
      await pieces(
        response,
        Array.from({ length: Math.ceil(all.length / 5) }, (_, i) => all.subarray(i * 5, i * 5 + 5)),
      )
      response.end()
    })
    const stt = openaiCompatibleStt({ baseURL: service.baseURL, model: 'x' })
    t.deepEqual(await collect(stt.streamStt(SPEECH)), words)
    t.is(service.asked[0]?.form.get('stream'), 'true')
  })
}

test('the first words are there before the service has written the last', async (t) => {
  let goOn: () => void = t.fail
  const gate = new Promise<void>((resolve) => (goOn = resolve))
  const service = await speechService(t, async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"type":"transcript.text.delta","delta":"one "}\n\n')
    await gate
    response.end('data: {"type":"transcript.text.delta","delta":"two"}\n\n')
  })
  const words = openaiCompatibleStt({ baseURL: service.baseURL, model: 'x' }).streamStt(SPEECH)
  t.is((await words.next()).value, 'one ')
  goOn()
  t.is((await words.next()).value, 'two')
})

test('a service that does not stream hands over the whole', async (t) => {
  const service = await speechService(t, json({ text: 'Hello.' }))
  const stt = openaiCompatibleStt({ baseURL: service.baseURL, model: 'whisper-1' })
  t.deepEqual(await collect(stt.streamStt(SPEECH)), ['Hello.'])
})

test('an error among the events is thrown', async (t) => {
  const service = await speechService(
    t,
    bytes(
      'data: {"type":"transcript.text.delta","delta":"a"}\n\ndata: {"type":"error","error":{"message":"out of memory"}}\n\n',
      'text/event-stream',
    ),
  )
  const words = openaiCompatibleStt({ baseURL: service.baseURL, model: 'x' }).streamStt(SPEECH)
  t.is((await words.next()).value, 'a')
  await t.throwsAsync(words.next(), { instanceOf: SpeechServiceError, message: /broke off: out of memory/ })
})

const REFUSALS: readonly [status: number, body: string, type: string, message: RegExp][] = [
  [
    401,
    `{"error":{"message":"Incorrect API key provided: ${KEY}"}}`,
    'application/json',
    /401.*key provided: ….*apiKey/,
  ],
  [404, '{"error":"no such model"}', 'application/json', /404: no such model.*baseURL and model/],
  [422, '{"detail":[{"loc":["body"],"msg":"file too long"}]}', 'application/json', /422: file too long$/],
  [429, '{"message":"slow down"}', 'application/json', /429: slow down/],
  [500, '<html><body>nginx</body></html>', 'text/html', /status 500$/],
  [502, `bad\ngateway\u0007 ${'x'.repeat(9000)}`, 'text/plain', /502: bad gateway x+…$/],
  [503, '', 'text/plain', /status 503$/],
]

for (const [status, body, type, message] of REFUSALS) {
  test(`a refusal with status ${status} says what the service said, and no key`, async (t) => {
    const service = await speechService(t, (response) => {
      response.writeHead(status, { 'content-type': type, 'retry-after': '7' }).end(body)
    })
    const stt = openaiCompatibleStt({ baseURL: service.baseURL, apiKey: KEY, model: 'x' })
    const error = await t.throwsAsync<SpeechServiceError>(stt.stt(SPEECH), { instanceOf: SpeechServiceError, message })
    t.is(error?.code, 'ERR_PARLEY_SPEECH_SERVICE')
    t.is(error?.status, status)
    t.is(error?.retryAfterSeconds, 7)
    t.true(error?.message.startsWith(`The speech service at ${service.baseURL}/audio/transcriptions refused`))
    t.true((error?.message.length ?? 0) < 520)
    t.notRegex(shown(error), /abcdefgh/)
    t.is(service.asked.length, 1, 'nothing is asked twice')
  })
}

test('other answers are refused in words', async (t) => {
  const answers: [Parameters<typeof speechService>[1], RegExp][] = [
    [bytes('<html>', 'text/html'), /page of HTML: check the option baseURL/],
    [json({ result: 'x' }), /JSON without a text/],
    [bytes('{"te', 'application/json'), /JSON without a text/],
    [
      (response) => void response.writeHead(307, { location: 'http://elsewhere/' }).end(),
      /sends elsewhere \(status 307\)/,
    ],
    [(response) => void response.destroy(), /can't be reached/],
    [
      (response) => void response.writeHead(200, { 'content-length': '50' }).write('{"text', () => response.destroy()),
      /broke off/,
    ],
  ]
  for (const [answer, message] of answers) {
    const service = await speechService(t, answer)
    const stt = openaiCompatibleStt({ baseURL: service.baseURL, apiKey: KEY, model: 'x' })
    const error = await t.throwsAsync(stt.stt(SPEECH), { instanceOf: SpeechServiceError, message })
    t.notRegex(shown(error), /abcdefgh/)
  }
})

test('a service that is not there is named, with why', async (t) => {
  const stt = openaiCompatibleStt({ baseURL: 'http://127.0.0.1:9/v1?key=secret99', apiKey: KEY, model: 'x' })
  const error = await t.throwsAsync(stt.stt(SPEECH), {
    instanceOf: SpeechServiceError,
    message:
      /^The speech service at http:\/\/127\.0\.0\.1:9\/v1\/audio\/transcriptions can't be reached: .*(ECONNREFUSED|bad port)/,
  })
  t.notRegex(error?.message ?? '', /secret99/)
})

test('an abort ends the request for the service too, and rejects with its reason', async (t) => {
  const abort = new AbortController()
  const service = await speechService(t, async (_response, { hungUp }) => {
    abort.abort(new Error('interrupted'))
    await hungUp
  })
  const stt = openaiCompatibleStt({ baseURL: service.baseURL, model: 'x' })
  await t.throwsAsync(stt.stt(SPEECH, { signal: abort.signal }), { message: 'interrupted' })
  await service.asked[0]?.hungUp
  await t.throwsAsync(stt.stt(SPEECH, { signal: abort.signal }), { message: 'interrupted' })
  t.is(service.asked.length, 1, 'an aborted signal asks nobody')
})

test('leaving the words early ends the request for the service', async (t) => {
  const service = await speechService(t, (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"text":"one"}\n\n')
  })
  const stt = openaiCompatibleStt({ baseURL: service.baseURL, model: 'x' })
  for await (const word of stt.streamStt(SPEECH)) {
    t.is(word, 'one')
    break
  }
  await service.asked[0]?.hungUp
  t.pass()
})

test('a service that keeps silent is given up, before and within its answer', async (t) => {
  const silent = await speechService(t, () => undefined)
  const stalls = await speechService(t, (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{')
  })
  for (const { baseURL, asked } of [silent, stalls]) {
    const stt = openaiCompatibleStt({ baseURL, model: 'x', timeoutSeconds: 0.05 })
    await t.throwsAsync(stt.stt(SPEECH), {
      instanceOf: TimeoutError,
      message: /audio\/transcriptions kept silent for 0\.05 s/,
    })
    await asked[0]?.hungUp
  }
})

test('wrong options are refused at construction by name, without a key', (t) => {
  const given = { baseURL: 'http://localhost/v1', apiKey: KEY, model: 'x' }
  const wrong: [object | undefined | null, RegExp][] = [
    [undefined, /options must be an object, not undefined/],
    [null, /options must be an object, not null/],
    [{ apiKey: KEY, model: 'x' }, /baseURL must be a URL such as/],
    [{ ...given, baseURL: 'localhost:8000/v1' }, /http:\/\/ or https:\/\/.*"localhost:8000\/v1"/],
    [{ ...given, baseURL: 'ftp://x' }, /baseURL.*"ftp:\/\/x"/],
    [{ ...given, baseURL: KEY }, /baseURL must be a URL/],
    [{ ...given, baseURL: 'https://user:pass@host' }, /no user and password/],
    [{ ...given, model: undefined }, /model.*undefined/],
    [{ ...given, model: '' }, /model must be the name.*""/],
    [{ ...given, apiKey: '' }, /apiKey is empty: leave it out/],
    [{ ...given, apiKey: `${KEY}\n${KEY}` }, /apiKey has characters/],
    [{ ...given, apiKey: 5 }, /apiKey must be a string, not number/],
    [{ ...given, apiKey: null }, /apiKey must be a string/],
    [{ ...given, headers: 'x' }, /headers must be an object/],
    [{ ...given, headers: { 'a b': 'c' } }, /headers has a name.*"a b"/],
    [{ ...given, headers: { 'x-key': `${KEY}\n` } }, /header x-key has characters/],
    [{ ...given, headers: { 'x-key': 5 } }, /header x-key must be a string/],
    [{ ...given, headers: { 'Content-Type': 'x' } }, /Content-Type is set by Parley/],
    [{ ...given, timeoutSeconds: 0 }, /timeoutSeconds.*0/],
    [{ ...given, timeoutSeconds: '5' }, /timeoutSeconds.*"5"/],
    [{ ...given, language: 5 }, /language must be a string, not 5/],
    [{ ...given, prompt: {} }, /prompt must be a string/],
    [{ ...given, temperature: 3 }, /temperature.*3/],
    [{ ...given, temperature: Number.NaN }, /temperature.*NaN/],
    [{ ...given, responseFormat: 'srt' }, /responseFormat.*'json'.*"srt"/],
    [{ ...given, sampleRate: 4000 }, /sampleRate.*4000/],
    [{ ...given, voice: 'x' }, /no option voice/],
  ]
  for (const [options, message] of wrong) {
    const error = t.throws(() => openaiCompatibleStt(options as OpenaiCompatibleSttOptions), { message })
    t.true(error instanceof TypeError || error instanceof RangeError)
    t.notRegex(shown(error), /abcdefgh|pass@/)
  }
})

test('what is no speech is refused before anybody is asked', async (t) => {
  const service = await speechService(t, json({ text: 'x' }))
  const stt = openaiCompatibleStt({ baseURL: service.baseURL, model: 'x' })
  for (const audio of [
    undefined,
    new Int16Array(5),
    [0, new Int16Array(5)],
    [16_000],
    [16_000, [1, 2]],
    ['16000', new Int16Array(5)],
  ]) {
    t.throws(() => stt.streamStt(audio as never), { any: true })
    await t.throwsAsync(stt.stt(audio as never), { any: true })
  }
  await t.throwsAsync(stt.stt(SPEECH, { signal: 5 as never }), { message: /signal must be an AbortSignal, not 5/ })
  await t.throwsAsync(stt.stt(SPEECH, { singal: undefined } as never), { message: /no option singal/ })
  t.is(service.asked.length, 0)
})
