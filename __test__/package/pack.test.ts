import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import test from 'ava'
import { hasH264 } from '../helpers/h264.ts'
import { Installation } from './installation.ts'
import { readmeExample } from './readme-example.ts'

let installation: Installation

test.before(async () => {
  installation = await Installation.make()
})

test.after.always(() => installation?.remove())

/** Starts the program and gives the address that it prints. */
async function listens(program: ChildProcess): Promise<URL> {
  if (!program.stdout) throw new Error('stdout is no pipe')
  for await (const line of createInterface(program.stdout)) {
    const url = /https?:\/\/\S+/.exec(line)?.[0]
    if (url) return new URL(url)
  }
  throw new Error('the program ended before it listened')
}

test("the README's example runs from the packed packages, with no compiler at hand", async (t) => {
  await writeFile(join(installation.folder, 'echo.mjs'), await readmeExample())
  const program = spawn(process.execPath, ['echo.mjs'], {
    cwd: installation.folder,
    env: installation.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    if (program.exitCode === null && program.kill()) await once(program, 'exit')
  })
  const url = await listens(program)

  const page = await fetch(url)
  t.is(page.status, 200)
  t.regex(await page.text(), /<html/i)

  const sdp = (await readFile(new URL('offer.sdp', import.meta.url), 'utf8')).replaceAll('\n', '\r\n')
  const answer = await fetch(new URL('webrtc/offer', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sdp, type: 'offer', webrtc_id: 'from-the-package' }),
  })
  const body = (await answer.json()) as { type: string; sdp: string }
  t.is(body.type, 'answer')
  t.regex(body.sdp, /a=rtpmap:111 opus\/48000\/2/)
})

test('handlers run on worker threads from the packed package, and leave nothing that keeps the process alive', async (t) => {
  const handler =
    "import { AsyncStreamHandler } from 'parley-rtc'\nexport default class Echo extends AsyncStreamHandler {\n  receive() {}\n  emit() {}\n  copy() { return new Echo() }\n}"
  const program = `import { Stream, WorkerHandler } from 'parley-rtc'
const stream = new Stream({ handler: new WorkerHandler(new URL('./handler.mjs', import.meta.url)) })
await stream.ready()
console.log('ready')`
  await writeFile(join(installation.folder, 'handler.mjs'), handler)
  await writeFile(join(installation.folder, 'workers.mjs'), program)
  const { stdout } = await promisify(execFile)(process.execPath, ['workers.mjs'], {
    cwd: installation.folder,
    env: installation.env,
  })
  t.is(stdout, 'ready\n')
})

test('speech models find their optional packages beside the packed package', async (t) => {
  const standIns = {
    '@huggingface/transformers': "export const pipeline = async () => async () => ({ text: ' hello ' })",
    'kokoro-js': `export class KokoroTTS {
      static from_pretrained = async () => ({
        voices: { af_heart: {} },
        generate: async (text) => ({ audio: new Float32Array(text.length), sampling_rate: 24_000 }),
      })
    }`,
  }
  const program = `import { getSttModel, getTtsModel } from 'parley-rtc'
const tried = async (load) => console.log(await load().catch((error) => error.message))
await tried(async () => (await getSttModel('whisper/tiny')).stt([48_000, new Int16Array(4800)]))
await tried(async () => (await (await getTtsModel('kokoro')).tts('Hello.'))[1].length)`
  await writeFile(join(installation.folder, 'models.mjs'), program)
  const run = async () => {
    const where = { cwd: installation.folder, env: installation.env }
    const { stdout } = await promisify(execFile)(process.execPath, ['models.mjs'], where)
    return stdout.trim().split('\n')
  }
  t.deepEqual(await run(), [
    "getSttModel('whisper/tiny') needs the package @huggingface/transformers: npm install @huggingface/transformers",
    "getTtsModel('kokoro') needs the package kokoro-js: npm install kokoro-js",
  ])
  for (const [name, source] of Object.entries(standIns)) {
    const folder = join(installation.folder, 'node_modules', name)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name, type: 'module', exports: './index.js' }))
    await writeFile(join(folder, 'index.js'), source)
  }
  t.deepEqual(await run(), ['hello', '6'])
})

test('a handler is called by the packed test kit', async (t) => {
  const program = `
    import { testCall, tone } from 'parley-rtc/testing'
    const echo = async function* (frames) { for await (const frame of frames) yield frame }
    const call = await testCall(echo, { seed: 1 })
    await call.play(tone(440))
    call.expectHeard({ seconds: 0.9, toneHz: 440 })
    console.log(await call.end())
  `
  await writeFile(join(installation.folder, 'call.mjs'), program)
  const child = spawn(process.execPath, ['call.mjs'], {
    cwd: installation.folder,
    env: installation.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) lines.push(line)
  t.deepEqual(lines, ['peer'])
})

test('the packages bring the licences of what is linked into the addon', async (t) => {
  const platform = join(installation.folder, 'node_modules', `parley-rtc-${process.platform}-${process.arch}-gnu`)
  const notices = await readFile(join(platform, 'THIRD-PARTY-NOTICES.txt'), 'utf8')
  t.regex(notices, /Xiph\.Org/, 'libopus asks for its notice wherever its binary goes')
  t.regex(notices, /Silero Team/, 'so does the model whose weights are in it')
  t.is(/openh264-sys2 .* \(BSD-2-Clause\)[^]*Cisco Systems/.test(notices), hasH264(), 'and OpenH264, where it is')
})

/** The files of the installed package whose names end so. */
async function packed(ending: string): Promise<string[]> {
  const folder = join(installation.folder, 'node_modules/parley-rtc')
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name))
}

test('no document of the package leads to a file that is not in it', async (t) => {
  const documents = await packed('.md')
  t.true(documents.length > 5, documents.join())
  const dead: string[] = []
  for (const path of documents) {
    const text = await readFile(path, 'utf8')
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target.split('#', 1)[0] ?? '')
    const missing = targets.filter((to) => to !== '' && !/^[a-z]+:/.test(to) && !existsSync(resolve(dirname(path), to)))
    dead.push(...missing.map((target) => `${path}: ${target}`))
  }
  t.deepEqual(dead, [])
})

test('source maps bring their sources along', async (t) => {
  const maps = await packed('.map')
  t.true(maps.length > 50)
  for (const path of maps) {
    const map = JSON.parse(await readFile(path, 'utf8')) as { sources: string[]; sourcesContent?: (string | null)[] }
    t.is(map.sourcesContent?.filter(Boolean).length, map.sources.length, path)
  }
})

/** The declarations that lie behind some, themselves among them. */
async function declarationsBehind(
  paths: string[],
  seen: Map<string, string> = new Map(),
): Promise<Map<string, string>> {
  for (const path of paths) {
    if (seen.has(path)) continue
    // oxlint-disable-next-line no-await-in-loop -- one leads to the next
    const text = await readFile(path, 'utf8')
    seen.set(path, text)
    const beside = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)\.[tj]s'/g)].map(([, name = '']) => `${name}.d.ts`)
    // oxlint-disable-next-line no-await-in-loop -- as above
    await declarationsBehind(
      beside.map((name) => resolve(dirname(path), name)),
      seen,
    )
  }
  return seen
}

test("the package's types need no types of what it is built on", async (t) => {
  const entries = ['index', 'server/express', 'server/fastify', 'server/node', 'testing/index', 'client/connect']
  const folder = join(installation.folder, 'node_modules/parley-rtc/dist')
  const behind = await declarationsBehind(entries.map((name) => join(folder, `${name}.d.ts`)))
  t.true(behind.size > 50)
  for (const [path, text] of behind) t.notRegex(text, /from '(@hono|hono)/, path)
})
