import { mkdtemp, rm } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import ts from 'typescript'
import * as parley from '../../src/index.ts'
import type { AsyncStreamHandler, AudioFrame, Stream } from '../../src/index.ts'
import { silence, testCall, tone } from '../../src/testing/index.ts'
import { until } from '../helpers/call.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** Runs the example that has this text in it, with what it takes for granted, and returns what it declares. */
function run(part: string, result: string, given: Record<string, unknown> = {}): unknown {
  const example = [...README.matchAll(/```ts\n([\s\S]+?)```/g)].map((match) => match[1] ?? '')
  const code = example.find((each) => each.includes(part))
  if (code === undefined) throw new Error(`README.md has no example with ${part}`)
  const known: Record<string, unknown> = { ...parley, testCall, ...given }
  const script = ts.transpile(code.replace(/^import .*$/gm, ''), { target: ts.ScriptTarget.ES2022 })
  // oxlint-disable-next-line typescript/no-implied-eval -- to run the README's own words is what this is for
  return new Function(...Object.keys(known), `${script}\nreturn ${result}`)(...Object.values(known))
}

/** 440 Hz, and then as long as is said of nothing. */
function sine(sampleRate: number, seconds: number, quietSeconds = 0): Int16Array {
  const samples = new Int16Array(sampleRate * (seconds + quietSeconds))
  const length = sampleRate * seconds
  return samples.map((_, i) => (i < length ? 8000 * Math.sin((2 * Math.PI * 440 * i) / sampleRate) : 0))
}

function isLoud(samples: Int16Array): boolean {
  return samples.some((sample) => Math.abs(sample) > 3000)
}

/** The assistant of the README: it answers when somebody has spoken, and stops when they speak again. */
function assistant(): new () => AsyncStreamHandler {
  let state: 'waiting' | 'asked' | 'answering' = 'waiting'
  let answer: (() => void) | undefined
  const interrupts = (samples: Int16Array): boolean => {
    if (state === 'waiting' && isLoud(samples)) state = 'asked'
    else if (state === 'asked' && !isLoud(samples)) {
      state = 'answering'
      answer?.()
    } else return state === 'answering' && isLoud(samples)
    return false
  }
  const nextSentence = async (): Promise<Int16Array> => {
    await new Promise<void>((resolve) => (answer = resolve))
    return sine(16_000, 5)
  }
  return run('class Assistant', 'Assistant', { interrupts, nextSentence }) as new () => AsyncStreamHandler
}

test("the README's function is an echo", async (t) => {
  const stream = run('for await (const [sampleRate, samples] of frames) yield', 'stream') as Stream
  const call = await testCall(stream, { seed: 41 })
  await call.play(tone(440, { seconds: 1 }))
  t.true(call.heard.toneShare(440) > 0.9)
  await call.end()
})

test.serial("the README's test of its assistant passes, as it is written", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-'))
  const before = process.cwd()
  t.teardown(async () => {
    process.chdir(before)
    await rm(folder, { recursive: true })
  })
  for (const name of ['question', 'stop']) {
    await parley.audioToFile([24_000, sine(24_000, 1, 0.5)], { path: join(folder, `${name}.wav`) })
  }
  process.chdir(folder)
  const tests: (() => Promise<void>)[] = []
  run('testCall(new Assistant()', 'undefined', {
    Assistant: assistant(),
    test: (_: string, body: () => Promise<void>) => tests.push(body),
  })
  t.is(tests.length, 1)
  await t.notThrowsAsync(tests[0] as () => Promise<void>)
})

test('a mark tells how much of an answer was heard, as in the README', async (t) => {
  const said: string[] = []
  const given = {
    nextSentence: () => Promise.resolve(sine(24_000, 1)),
    console: { log: (text: string) => said.push(text) },
  }
  const call = await testCall(run("new PlayedMark('answer')", 'stream', given) as Stream, { seed: 42 })
  await call.play(silence(2))
  t.deepEqual(said, ['heard to the end'])
  await call.end()
})

test('the inputs of the README arrive in latestArgs, and its outputs are shown', async (t) => {
  class Tells extends parley.AsyncStreamHandler {
    async receive(_: AudioFrame): Promise<void> {}
    async emit(): Promise<parley.EmitType> {
      await this.waitForArgs()
      this.reset()
      return new parley.AdditionalOutputs(`at speed ${String(this.latestArgs[1])}`)
    }
    override copy(): Tells {
      return new Tells()
    }
  }
  const stream = run("name: 'speed'", 'stream', { Assistant: Tells }) as Stream
  const call = await testCall(stream, { seed: 43 })
  call.setInput(5)
  await call.waitForMessage({ type: 'fetch_output' })
  t.deepEqual(call.session.handler.latestArgs, ['__webrtc_value__', 5])
  let shown: readonly unknown[] | undefined
  await until(() => {
    void stream.shownOutputs(call.session.id).then((values) => (shown = values))
    return Array.isArray(shown?.[0])
  })
  t.deepEqual(shown, [[{ role: 'assistant', content: 'at speed 5' }]])
  await call.end()
})
