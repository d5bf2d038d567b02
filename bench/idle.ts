// What sessions cost in which nobody says anything: CPU of an echo server (bench/server.mjs, after `npm run build`) for one
// session and second. Prints a table; CPU is the server process's alone, callers are another.
// Run: node --import=@oxc-node/core/register bench/idle.ts [SESSIONS] [SECONDS]
//
//   HANDLER=sync   another kind of handler, as in server.mjs
//   KINDS=quiet    only these kinds of callers, with commas between them
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Caller, Callers, type Sound } from '../soak/callers.ts'

/** Silence counts as such after 2 s, and the server's caches and code are warm by then. */
const SETTLING_MS = 12_000
/** How long somebody talks who then says nothing more. */
const TALK_MS = 5_000
/** The kernel counts CPU in hundredths of a second, on Linux always. */
const TICK_MS = 10

const kinds: Readonly<Record<string, { what: string; sound: Sound; hushes?: true }>> = {
  listens: { what: 'offers to listen only', sound: 'listens' },
  silence: { what: 'may send, and never did', sound: 'silence' },
  muted: { what: 'talked, and sends nothing any more', sound: 'tone', hushes: true },
  quiet: { what: 'sends silence, 50 packets a second', sound: 'quiet' },
  talking: { what: 'talks (for comparison)', sound: 'tone' },
}

const [sessions, seconds] = [Number(process.argv[2] ?? 8), Number(process.argv[3] ?? 20)]
const chosen = process.env['KINDS']?.split(',') ?? Object.keys(kinds)
console.log(`${sessions} sessions, ${seconds} s each (Node ${process.version}); each session and second\n`)
console.log('| who says nothing | CPU, ms | of it media threads | wake-ups of these | of JavaScript |')
console.log('| --- | --- | --- | --- | --- |')
for (const name of chosen) console.log(await measure(name))
process.exit()

async function measure(name: string): Promise<string> {
  const kind = kinds[name]
  if (kind === undefined) throw new RangeError(`${name} is none of ${Object.keys(kinds).join(', ')}`)
  const [server, port] = await serve()
  const callers = Callers.start()
  try {
    const stream = { offer: async (body: unknown) => offer(port, body) }
    const made: Caller[] = []
    for (let n = 0; n < sessions; n++) made.push(await callers.call(stream, kind.sound))
    if (kind.hushes) {
      await sleep(TALK_MS)
      for (const caller of made) caller.hush()
    }
    await sleep(SETTLING_MS)
    return row(kind.what, await spend(server.pid ?? 0))
  } finally {
    await callers.kill()
    server.kill()
    await once(server, 'close')
  }
}

async function serve(): Promise<[ChildProcess, number]> {
  const port = await freePort()
  const server = spawn(process.execPath, ['bench/server.mjs', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(server.stdout, 'data')
  return [server, port]
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function offer(port: number, body: unknown): Promise<{ sdp: string }> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(`http://127.0.0.1:${port}/webrtc/offer`, request)
  return (await response.json()) as { sdp: string }
}

/** What the process and its threads used up: CPU in ms, and how often they went to sleep. */
interface Usage {
  cpu: number
  media: number
  mediaWakes: number
  mainWakes: number
}

async function spend(pid: number): Promise<Usage> {
  const before = usageOf(pid)
  await sleep(seconds * 1000)
  const after = usageOf(pid)
  const each = (what: keyof Usage): number => (after[what] - before[what]) / sessions / seconds
  return { cpu: each('cpu'), media: each('media'), mediaWakes: each('mediaWakes'), mainWakes: each('mainWakes') }
}

function usageOf(pid: number): Usage {
  const usage = { cpu: cpuOf(`/proc/${pid}/stat`), media: 0, mediaWakes: 0, mainWakes: 0 }
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${thread}`
    const status = readFileSync(`${path}/status`, 'utf8')
    const wakes = Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1])
    if (/^Name:\s*parley-media/m.test(status)) {
      usage.media += cpuOf(`${path}/stat`)
      usage.mediaWakes += wakes
    } else if (Number(thread) === pid) usage.mainWakes += wakes
  }
  return usage
}

/** User and system time (proc(5), fields 14 and 15, counted from behind the name). */
function cpuOf(path: string): number {
  const fields = readFileSync(path, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

function row(what: string, { cpu, media, mediaWakes, mainWakes }: Usage): string {
  const cells = [cpu.toFixed(2), media.toFixed(2), mediaWakes.toFixed(0), mainWakes.toFixed(0)]
  return `| ${what} | ${cells.join(' | ')} |`
}
