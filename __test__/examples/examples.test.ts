import test from 'ava'
import { scriptedCall } from '../../examples/phone/scripted-call.ts'
import { callByAiortc } from '../helpers/aiortc.ts'
import { runExample } from '../helpers/run-example.ts'

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

test('the voice echo example starts without a network, and has the built-in page', async (t) => {
  const url = await runExample(t, 'voice-echo')
  t.regex(await (await fetch(url)).text(), /<title>Parley/)
})

test('the phone example says back what its caller says, and hangs up when they press a key', async (t) => {
  const url = await runExample(t, 'phone', { TWILIO_AUTH_TOKEN: undefined })
  const { said, heard, code } = await scriptedCall(url)
  t.is(code, 1000)
  t.true(heard > 0.5 && heard < said + 1, `said ${said} s, heard ${heard} s`)
})
