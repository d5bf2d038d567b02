// Servers that end while their sessions are live: `npm run soak:exits`.
//
//   --runs 200      how many, the ways of ending one after the other
//   --sessions 20   live sessions of each
//   --ms 500        the most that an end may take
//   --json FILE     a file that the result is appended to, one line of JSON
//
// Ends with 1 when an exit code is wrong, a signal ended a server, or an end took too long.
import { spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { conclude } from './watch.ts'

// Beside this file, and compiled as it is.
const CHILD = fileURLToPath(new URL(`exit-child${extname(import.meta.url)}`, import.meta.url))
const CODE = 7
/** No end takes so long, so something hangs. */
const HANGS_MS = 30_000
const WAYS = ['return', 'exit', 'sigterm', 'unhandled', 'worker', 'pooled', 'pooled-exit', 'films'] as const

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly ms: number
  readonly errors: string
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    sessions: { type: 'string', default: '20' },
    ms: { type: 'string', default: '500' },
    json: { type: 'string' },
  },
})

/** Starts a server, has it end in that way once its sessions talk, and times the end. */
function end(way: (typeof WAYS)[number]): Promise<Exit> {
  const args = [...process.execArgv, CHILD, way, values.sessions, String(CODE)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [began, errors] = [Infinity, '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    began = performance.now()
    if (text.includes('live')) child.kill('SIGTERM')
  })
  const hangs = setTimeout(() => child.kill('SIGKILL'), HANGS_MS)
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      clearTimeout(hangs)
      resolve({ code, signal, ms: performance.now() - began, errors })
    })
  })
}

/** What is wrong with an end; undefined when nothing is. */
function faultOf(way: (typeof WAYS)[number], { code, signal, ms, errors }: Exit): string | undefined {
  // Nobody handles the signal there, so the signal it is.
  const isAsAsked = way === 'unhandled' ? signal === 'SIGTERM' : code === CODE
  if (!isAsAsked) return `code ${code}, signal ${signal} ${errors}`
  return ms <= Number(values.ms) ? undefined : `took ${ms.toFixed(0)} ms`
}

const slowest = new Map<string, number>()
const wrong: string[] = []
for (let run = 0; run < Number(values.runs); run++) {
  const way = WAYS[run % WAYS.length] ?? 'return'
  const exit = await end(way)
  const fault = faultOf(way, exit)
  slowest.set(way, Math.max(slowest.get(way) ?? 0, exit.ms))
  if (fault !== undefined) wrong.push(`run ${run}, ${way}: ${fault}`)
}
for (const [way, ms] of slowest) console.log(`${way}: ${ms.toFixed(0)} ms at most`)
const slowestMs = Object.fromEntries([...slowest].map(([way, ms]) => [way, Math.round(ms)]))
const result = { runs: Number(values.runs), sessions: Number(values.sessions), slowestMs }
conclude({ soak: 'exits', result, wrong, file: values.json })
