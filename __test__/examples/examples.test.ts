import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { callByAiortc } from '../helpers/aiortc.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Runs an example as its reader would, on a free port; resolves to the URL that it prints. */
async function run(t: ExecutionContext, name: string): Promise<string> {
  const args = ['--import=@oxc-node/core/register', `examples/${name}/server.ts`]
  const example = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    example.kill()
    if (example.exitCode === null && example.signalCode === null) await once(example, 'exit')
  })
  let printed = ''
  for await (const text of example.stdout.setEncoding('utf8')) {
    printed += text
    const url = /http:\S+/.exec(printed)?.[0]
    if (url !== undefined) return url
  }
  throw new Error(`examples/${name} printed no URL, but: ${printed}`)
}

test('the echo example says what it hears, and has the built-in page', async (t) => {
  const url = await run(t, 'echo')
  t.regex(await (await fetch(url)).text(), /<title>Parley/)
  const call = await callByAiortc(url, { seconds: 3 })
  t.is(call.hertz, 1000)
})

test('the tone example plays a scale and says good-bye', async (t) => {
  const url = await run(t, 'tone')
  const call = await callByAiortc(url, { send: false, seconds: 8 })
  t.true(call.hertz >= 260 && call.hertz <= 530, `${call.hertz} Hz`)
  t.true(call.messages.some(({ type }) => type === 'end_stream'))
})

test('the Express example answers below its path, beside the app', async (t) => {
  const url = await run(t, 'express')
  t.regex(await (await fetch(url)).text(), /Talk with it/)
  t.deepEqual(await (await fetch(`${url}calls`)).json(), { calls: [] })
  const call = await callByAiortc(`${url}voice/`, { seconds: 3 })
  t.is(call.hertz, 1000)
})

test('the voice echo example starts without a network, and has the built-in page', async (t) => {
  const url = await run(t, 'voice-echo')
  t.regex(await (await fetch(url)).text(), /<title>Parley/)
})
