import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { voiceAssistant } from '../../examples/voice-assistant/assistant.ts'
import { scriptedService, type ScriptedService } from '../../examples/voice-assistant/scripted-service.ts'
import { settingsFrom } from '../../examples/voice-assistant/settings.ts'
import { runExample } from '../helpers/run-example.ts'
import { testCall, type TestCall } from 'parley-rtc/testing'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const QUESTION = `${ROOT}fixtures/speech/question.wav`
const INTERRUPTION = `${ROOT}fixtures/speech/interruption.wav`

/** Calls the assistant, in real time, for its services are real ones. */
async function callAssistant(t: ExecutionContext): Promise<{ call: TestCall; service: ScriptedService }> {
  const service = await scriptedService()
  t.teardown(() => service.close())
  const stream = voiceAssistant(settingsFrom({ OPENAI_BASE_URL: service.baseURL }))
  t.teardown(() => stream.close())
  return { call: await testCall(stream, { clock: 'real' }), service }
}

/** Of the conversation that the language model was told last. */
function lastTold({ asked }: ScriptedService): string | undefined {
  return asked.findLast((line) => line.startsWith('chat/completions'))?.slice('chat/completions '.length)
}

test.serial('the voice assistant answers what was said, sentence by sentence', async (t) => {
  const { call, service } = await callAssistant(t)
  await call.play(QUESTION)
  await call.waitForSound()
  await call.waitForSilence()
  t.deepEqual(service.asked, [
    'audio/transcriptions WAV',
    'chat/completions user: What time is it?',
    'audio/speech It is half past nine.',
    'audio/speech Time for a break.',
  ])
  const [answer, ...others] = call.heard.sounds()
  t.deepEqual(others, [], 'one sentence follows the other without a gap')
  const fromMs = answer?.fromMs ?? 0
  t.true(call.heard.between(fromMs, fromMs + 700).toneShare(400) > 0.9, 'the tone of the first sentence')
  t.true(call.heard.between(fromMs + 900, fromMs + 1400).toneShare(500) > 0.9, 'the tone of the second')
  t.deepEqual(call.errors, [])
})

test.serial('it stops when it is interrupted, and remembers only what was heard', async (t) => {
  const { call, service } = await callAssistant(t)
  await call.play(QUESTION)
  await call.waitForSound()
  await call.waitForSilence()
  await call.play(QUESTION)
  await call.waitForSound()
  await call.play(INTERRUPTION)
  await call.waitFor(() => lastTold(service)?.endsWith('Thank you.') === true, { what: 'the third question' })
  t.is(
    lastTold(service),
    'user: What time is it? | assistant: It is half past nine. Time for a break. | ' +
      'user: And what is the weather like? | user: Thank you.',
  )
  t.true(call.heard.toneShare(800) < 0.01, 'the sentence that was to come next is not heard')
  t.deepEqual(call.errors, [])
})

test('its server begins with a service that is not there yet', async (t) => {
  const url = await runExample(t, 'voice-assistant', { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
  t.is((await fetch(url)).status, 200)
})

test('without a service it says what to set', async (t) => {
  const { OPENAI_BASE_URL: _, OPENAI_API_KEY: __, ...env } = process.env
  const args = ['--import=@oxc-node/core/register', 'examples/voice-assistant/server.ts']
  const error = await t.throwsAsync<Error & { code: number; stderr: string }>(
    promisify(execFile)(process.execPath, args, { cwd: ROOT, env }),
  )
  t.is(error?.code, 1)
  t.regex(error?.stderr ?? '', /^Set OPENAI_API_KEY to ask OpenAI, or OPENAI_BASE_URL/)
})
