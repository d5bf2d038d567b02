import { inspect } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { encodeWav } from '../../src/audio-files/wav.ts'
import { openaiCompatibleTts, speak, SpeechServiceError, TimeoutError } from '../../src/index.ts'
import type { AudioFrame, OpenaiCompatibleTtsOptions } from '../../src/index.ts'
import { collect } from '../helpers/collect.ts'
import { listenedSignal } from '../helpers/listened-signal.ts'
import { random } from '../helpers/random.ts'
import { bytes, json, pcmBytes, pieces, speechService } from '../helpers/speech-service.ts'

const KEY = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789'
const RAMP = Int16Array.from({ length: 2400 }, (_, i) => i * 27 - 32_000)

function joined(parts: readonly AudioFrame[]): number[] {
  return parts.flatMap(([, samples]) => [...samples])
}

test('a text is posted as JSON, and its audio comes back as one piece', async (t) => {
  const service = await speechService(t, bytes(pcmBytes(RAMP), 'audio/pcm'))
  const tts = openaiCompatibleTts({
    baseURL: service.baseURL,
    apiKey: KEY,
    model: 'tts-1',
    voice: 'alloy',
    instructions: 'Whisper.',
  })
  t.deepEqual(await tts.tts('Good morning.'), [24_000, RAMP])
  const [asked] = service.asked
  t.is(asked?.path, '/v1/audio/speech')
  t.is(asked?.headers.authorization, `Bearer ${KEY}`)
  t.is(asked?.headers['content-type'], 'application/json')
  t.deepEqual(asked?.json, {
    model: 'tts-1',
    input: 'Good morning.',
    voice: 'alloy',
    response_format: 'pcm',
    instructions: 'Whisper.',
  })
})

test('voice and speed of a call go before those of the model', async (t) => {
  const service = await speechService(t, bytes(pcmBytes(RAMP), 'audio/pcm'))
  const tts = openaiCompatibleTts({ baseURL: service.baseURL, model: 'x', voice: 'a', speed: 2 })
  await tts.tts('Yes.', { voice: 'b', speed: 0.5 })
  await tts.tts('Yes.', {})
  t.deepEqual(
    service.asked.map(({ json: { voice, speed } }) => [voice, speed]),
    [
      ['b', 0.5],
      ['a', 2],
    ],
  )
})

test('audio is handed over before the service has sent the last of it', async (t) => {
  let goOn: () => void = t.fail
  const gate = new Promise<void>((resolve) => (goOn = resolve))
  const service = await speechService(t, async (response) => {
    response.writeHead(200, { 'content-type': 'audio/pcm' }).write(pcmBytes(RAMP))
    await gate
    response.end(pcmBytes(RAMP))
  })
  const speech = openaiCompatibleTts({ baseURL: service.baseURL, model: 'x' }).streamTts('Yes.')[Symbol.asyncIterator]()
  const first = (await speech.next()).value as AudioFrame
  t.is(first[0], 24_000)
  t.deepEqual([...first[1]], [...RAMP])
  goOn()
  t.deepEqual([...((await speech.next()).value as AudioFrame)[1]], [...RAMP])
  t.true((await speech.next()).done)
})

test('samples that are cut anywhere between two pieces are put together again', async (t) => {
  for (let seed = 1; seed <= 8; seed++) {
    const next = random(seed)
    const isWav = seed % 2 === 0
    const body = isWav ? Buffer.from(encodeWav(RAMP, 22_050, 1)) : pcmBytes(RAMP)
    const service = await speechService(t, async (response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      const cut: Buffer[] = []
      for (let at = 0; at < body.length;) {
        const length = 1 + Math.floor(next() * (seed < 5 ? 5 : 700))
        cut.push(body.subarray(at, at + length))
        at += length
      }
      await pieces(response, cut)
      response.end()
    })
    const parts = await collect(openaiCompatibleTts({ baseURL: service.baseURL, model: 'x' }).streamTts('Yes.'))
    t.deepEqual(joined(parts), [...RAMP], `seed ${seed}`)
    t.true(parts.every(([rate, samples]) => rate === (isWav ? 22_050 : 24_000) && samples.length > 0))
  }
})

test('a WAV file is read while its length is unknown, with chunks before its samples and behind them', async (t) => {
  const wav = Buffer.from(encodeWav(RAMP, 44_100, 1))
  const list = Buffer.from('LIST\x05\0\0\0INFOx\0', 'latin1')
  for (const length of [0, 0xffff_ffff, 0x7fff_ffff, RAMP.length * 2]) {
    wav.writeUInt32LE(length, 40)
    const tail = length === RAMP.length * 2 ? list : Buffer.alloc(0)
    const body = Buffer.concat([wav.subarray(0, 36), list, wav.subarray(36), tail])
    const service = await speechService(t, bytes(body, 'audio/wav'))
    const tts = openaiCompatibleTts({ baseURL: service.baseURL, model: 'x', responseFormat: 'wav' })
    t.deepEqual(await tts.tts('Yes.'), [44_100, RAMP], `length ${length}`)
    t.is(service.asked[0]?.json['response_format'], 'wav')
  }
})

test('a stereo WAV file is mixed down', async (t) => {
  const both = Int16Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? 1000 : 3000))
  const service = await speechService(t, async (response) => {
    response.writeHead(200, { 'content-type': 'audio/wav' })
    const wav = Buffer.from(encodeWav(both, 24_000, 2))
    await pieces(response, [wav.subarray(0, 47), wav.subarray(47, 50), wav.subarray(50)])
    response.end()
  })
  const tts = openaiCompatibleTts({ baseURL: service.baseURL, model: 'x' })
  t.deepEqual(await tts.tts('Yes.'), [24_000, new Int16Array(1000).fill(2000)])
})

test('the rate of PCM is what the service says, else the option', async (t) => {
  const said = await speechService(t, bytes(pcmBytes(RAMP), 'audio/pcm;rate=16000'))
  t.is((await openaiCompatibleTts({ baseURL: said.baseURL, model: 'x' }).tts('Yes.'))[0], 16_000)
  const unsaid = await speechService(t, bytes(pcmBytes(RAMP), 'audio/pcm'))
  t.is((await openaiCompatibleTts({ baseURL: unsaid.baseURL, model: 'x', sampleRate: 22_050 }).tts('Yes.'))[0], 22_050)
})

test('a text without words asks nobody', async (t) => {
  const service = await speechService(t, bytes(pcmBytes(RAMP), 'audio/pcm'))
  const tts = openaiCompatibleTts({ baseURL: service.baseURL, model: 'x' })
  for (const text of ['', '  ', '…', '😀']) {
    t.deepEqual(await tts.tts(text), [24_000, new Int16Array(0)])
    t.deepEqual(await collect(tts.streamTts(text)), [])
  }
  t.is(service.asked.length, 0)
})

test('an answer that is cut off throws after the audio that came', async (t) => {
  const service = await speechService(t, async (response) => {
    response.writeHead(200, { 'content-type': 'audio/pcm' })
    await pieces(response, [pcmBytes(RAMP)])
    response.destroy()
  })
  const tts = openaiCompatibleTts({ baseURL: service.baseURL, apiKey: KEY, model: 'x' })
  const parts: AudioFrame[] = []
  const error = await t.throwsAsync(
    async () => {
      for await (const part of tts.streamTts('Yes.')) parts.push(part)
    },
    { instanceOf: SpeechServiceError, message: /audio\/speech broke off: / },
  )
  t.deepEqual(joined(parts), [...RAMP])
  t.notRegex(inspect(error, { depth: 9 }), /abcdefgh/)
})

test('answers of another kind are refused in words, and never played as noise', async (t) => {
  const answers: [Parameters<typeof speechService>[1], RegExp][] = [
    [json({ error: { message: `bad voice for ${KEY}` } }), /answered no audio but application\/json: bad voice for …/],
    [bytes('<html>', 'text/html; charset=utf-8'), /answered no audio but text\/html/],
    [bytes('xx', 'audio/mpeg'), /answered audio\/mpeg, and neither PCM nor WAV: try the other responseFormat/],
    [bytes('OggS0000000000000', 'application/octet-stream'), /a compressed file/],
    [bytes('ID3', 'audio/pcm'), /a compressed file/],
    [bytes('RIFF0000WAVE', 'audio/wav'), /WAV file that ends before its samples/],
    [bytes('RIFF0000WAVEdata\x04\0\0\0abcd', 'audio/wav'), /WAV file without a fmt chunk/],
    [bytes(floatWav(), 'audio/wav'), /WAV file of format 3 with 32 bits and 1 channels/],
    [
      (response) =>
        void response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"no voice"}}'),
      /refused with status 400: no voice$/,
    ],
  ]
  for (const [answer, message] of answers) {
    const service = await speechService(t, answer)
    const tts = openaiCompatibleTts({ baseURL: service.baseURL, apiKey: KEY, model: 'x' })
    const { signal, listeners } = listenedSignal()
    const error = await t.throwsAsync(collect(tts.streamTts('Yes.', { signal })), {
      instanceOf: SpeechServiceError,
      message,
    })
    t.is(listeners.size, 0, 'nothing is left of the request')
    t.notRegex(inspect(error, { depth: 9 }), /abcdefgh/)
  }
})

test('an abort ends the request for the service, before and within its answer', async (t) => {
  for (const begins of [false, true]) {
    const abort = new AbortController()
    const service = await speechService(t, async (response, { hungUp }) => {
      if (begins) response.writeHead(200, { 'content-type': 'audio/pcm' }).write(pcmBytes(RAMP))
      else abort.abort(new Error('interrupted'))
      await hungUp
    })
    const tts = openaiCompatibleTts({ baseURL: service.baseURL, model: 'x' })
    const speech = tts.streamTts('Yes.', { signal: abort.signal })[Symbol.asyncIterator]()
    if (begins) await speech.next()
    const next = speech.next()
    if (begins) abort.abort(new Error('interrupted'))
    await t.throwsAsync(next, { message: 'interrupted' })
    await service.asked[0]?.hungUp
  }
})

test('leaving the audio early ends the request for the service', async (t) => {
  const service = await speechService(t, (response) => {
    response.writeHead(200, { 'content-type': 'audio/pcm' }).write(pcmBytes(RAMP))
  })
  for await (const [, samples] of openaiCompatibleTts({ baseURL: service.baseURL, model: 'x' }).streamTts('Yes.')) {
    if (samples.length > 0) break
  }
  await service.asked[0]?.hungUp
  t.pass()
})

test('time in which the listener is slow is not held against the service', async (t) => {
  const service = await speechService(t, async (response) => {
    response.writeHead(200, { 'content-type': 'audio/pcm' })
    await pieces(response, [pcmBytes(RAMP), pcmBytes(RAMP)])
    response.end()
  })
  const clocks = clocksOf(t, 7321)
  const tts = openaiCompatibleTts({ baseURL: service.baseURL, model: 'x', timeoutSeconds: 7.321 })
  for await (const [, samples] of tts.streamTts('Yes.')) {
    t.true(samples.length > 0)
    t.is(clocks.size, 0, 'no clock runs while the listener has the audio')
  }
  t.is(clocks.size, 0)
  t.true(clocks.begun >= 3, `${clocks.begun} clocks: for the head and each piece`)
})

test('a service that stops in the middle is given up', async (t) => {
  const service = await speechService(t, (response) => {
    response.writeHead(200, { 'content-type': 'audio/pcm' }).write(pcmBytes(RAMP))
  })
  const tts = openaiCompatibleTts({ baseURL: service.baseURL, model: 'x', timeoutSeconds: 0.1 })
  await t.throwsAsync(tts.tts('Yes.'), { instanceOf: TimeoutError, message: /kept silent for 0\.1 s/ })
  await service.asked[0]?.hungUp
})

test('an interrupted answer ends all requests that speak it', async (t) => {
  const service = await speechService(t, (response, { json: { input } }) => {
    response.writeHead(200, { 'content-type': 'audio/pcm' })
    if (input === 'One.') response.end(pcmBytes(RAMP))
    else response.write(pcmBytes(RAMP))
  })
  const abort = new AbortController()
  const tts = openaiCompatibleTts({ baseURL: service.baseURL, model: 'x' })
  const speech = speak(['One. ', 'Two. ', 'Three.'], tts, { signal: abort.signal })
  await speech.next()
  await speech.next()
  abort.abort(new Error('interrupted'))
  await t.throwsAsync(speech.next(), { message: 'interrupted' })
  await service.asked[1]?.hungUp
  t.deepEqual(
    service.asked.map((asked) => asked.json['input']),
    ['One.', 'Two.'],
  )
})

test('wrong options are refused at construction, wrong arguments when called', async (t) => {
  const given = { baseURL: 'http://localhost/v1', model: 'x' }
  const wrong: [object, RegExp][] = [
    [{ model: 'x' }, /baseURL/],
    [{ ...given, voice: '' }, /voice must be a name, not ""/],
    [{ ...given, speed: 5 }, /speed.*0\.25 to 4.*5/],
    [{ ...given, instructions: 5 }, /instructions must be a string, not 5/],
    [{ ...given, responseFormat: 'mp3' }, /responseFormat.*'pcm' or 'wav'.*"mp3"/],
    [{ ...given, sampleRate: 24 }, /sampleRate.*24/],
    [{ ...given, language: 'en' }, /no option language/],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => openaiCompatibleTts(options as OpenaiCompatibleTtsOptions), { message })
  }
  const tts = openaiCompatibleTts(given)
  t.throws(() => tts.streamTts(5 as never), { instanceOf: TypeError, message: /must be a string, not 5/ })
  t.throws(() => tts.streamTts('x', { speed: 0 }), { instanceOf: RangeError, message: /speed.*0/ })
  t.throws(() => tts.streamTts('x', { signal: 'x' as never }), { message: /AbortSignal, not "x"/ })
  await t.throwsAsync(tts.tts(undefined as never), { instanceOf: TypeError, message: /string, not undefined/ })
})

/** The timers of a length that run. */
function clocksOf(t: ExecutionContext, ms: number): Set<unknown> & { begun: number } {
  const running = Object.assign(new Set<unknown>(), { begun: 0 })
  const { setTimeout: begin, clearTimeout: end } = globalThis
  globalThis.setTimeout = ((run: () => void, delay?: number) => {
    const timer = begin(run, delay)
    if (delay === ms) {
      running.add(timer)
      running.begun++
    }
    return timer
  }) as typeof begin
  globalThis.clearTimeout = (timer) => {
    running.delete(timer)
    end(timer)
  }
  t.teardown(() => Object.assign(globalThis, { setTimeout: begin, clearTimeout: end }))
  return running
}

function floatWav(): Buffer {
  const wav = Buffer.from(encodeWav(RAMP, 24_000, 1))
  wav.writeUInt16LE(3, 20)
  wav.writeUInt16LE(32, 34)
  return wav
}
