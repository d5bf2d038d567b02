import test from 'ava'
import { scriptedCall } from '../../examples/phone/scripted-call.ts'
import { callByAiortc } from '../helpers/aiortc.ts'
import { runExample } from '../helpers/run-example.ts'
import { SocketClient, speak } from '../helpers/socket-client.ts'
import { speech } from '../helpers/speech.ts'

/** How like the loudness of one signal is to that of another, wherever it begins there: 1 is the same. */
function likeness(said: Int16Array, heard: Int16Array, sampleRate: number): number {
  const [said20, heard20] = [loudness(said, sampleRate / 50), loudness(heard, sampleRate / 50)]
  const places = Math.max(1, heard20.length - said20.length + 1)
  return Math.max(...Array.from({ length: places }, (_, at) => correlation(said20, heard20.slice(at))))
}

function loudness(samples: Int16Array, length: number): number[] {
  const count = Math.floor(samples.length / length)
  const power = (part: Int16Array): number => part.reduce((sum, sample) => sum + sample * sample, 0)
  return Array.from({ length: count }, (_, n) => Math.sqrt(power(samples.subarray(n * length, (n + 1) * length))))
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const product = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0)
  return product(a, b) / Math.sqrt(product(a, a) * product(b.slice(0, a.length), b.slice(0, a.length)))
}

test('the echo example says what it hears, and has the built-in page', async (t) => {
  const url = await runExample(t, 'echo')
  t.regex(await (await fetch(url)).text(), /<title>Parley/)
  const call = await callByAiortc(url, { seconds: 3 })
  t.is(call.hertz, 1000)
})

test('the tone example plays a scale and says good-bye', async (t) => {
  const url = await runExample(t, 'tone')
  const call = await callByAiortc(url, { send: false, seconds: 8 })
  t.true(call.hertz >= 260 && call.hertz <= 530, `${call.hertz} Hz`)
  t.true(call.messages.some(({ type }) => type === 'end_stream'))
})

test('the Express example answers below its path, beside the app', async (t) => {
  const url = await runExample(t, 'express')
  t.regex(await (await fetch(url)).text(), /Talk with it/)
  t.deepEqual(await (await fetch(`${url}calls`)).json(), { calls: [] })
  const call = await callByAiortc(`${url}voice/`, { seconds: 3 })
  t.is(call.hertz, 1000)
})

test.serial('the voice echo example waits for the pause, and says what was said', async (t) => {
  const url = await runExample(t, 'voice-echo')
  t.regex(await (await fetch(url)).text(), /<title>Parley/)
  const { sampleRate, samples, phrases } = await speech('question')
  const caller = await SocketClient.start(url, 'caller', { encoding: 'pcm_s16le', sampleRate, binary: true })
  t.teardown(() => caller.socket.terminate())
  await caller.next('started')
  const pause = new Int16Array(sampleRate)
  await speak(Int16Array.from([...samples, ...pause]), sampleRate, (part) =>
    caller.socket.send(new Uint8Array(part.buffer)),
  )
  const { start, end } = phrases[0] ?? { start: 0, end: samples.length }
  // What it says back begins with what came before the speech.
  await caller.until(() => Buffer.concat(caller.chunks).length / 2 >= end - start + sampleRate / 2)
  const said = ['started_talking', 'pause_detected', 'response_starting']
  t.deepEqual(
    caller.texts.filter(({ type }) => type === 'log').map(({ data }) => data),
    said,
  )
  const bytes = Buffer.concat(caller.chunks)
  const heard = Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2))
  // A machine that is busy lets the caller send late, which the reply has as a hole.
  const like = likeness(samples.subarray(start, end), heard, sampleRate)
  t.true(like > 0.7, `${like}`)
})

test('the phone example says back what its caller says, and hangs up when they press a key', async (t) => {
  const url = await runExample(t, 'phone', { TWILIO_AUTH_TOKEN: undefined })
  const { said, heard, code } = await scriptedCall(url)
  t.is(code, 1000)
  t.true(heard > 0.5 && heard < said + 1, `said ${said} s, heard ${heard} s`)
})
