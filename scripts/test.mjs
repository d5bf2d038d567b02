// Runs every test, Rust's and TypeScript's, and ends with one line: 'N passed, N failed'.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { countCargo, countTap, summary, total } from './test/count.mjs'

process.chdir(fileURLToPath(new URL('../', import.meta.url)))

const SUITES = [
  { title: 'Rust', program: 'cargo', args: ['test', '--workspace', '--no-fail-fast'], count: countCargo },
  {
    title: 'TypeScript',
    program: process.execPath,
    args: ['node_modules/ava/entrypoints/cli.mjs', '--tap'],
    count: countTap,
  },
]

/** Shows a suite's output as it comes, and counts it at the end. */
async function runSuite({ title, program, args, count }) {
  console.log(`\n# ${title}: ${[program, ...args].join(' ')}\n`)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
    process.stdout.write(text)
  })
  return count(output, await exitCode(child))
}

function exitCode(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}

const counts = []
for (const suite of SUITES) counts.push(await runSuite(suite))
const all = total(counts)
console.log(`\n${summary(all)}`)
process.exitCode = all.failed === 0 ? 0 : 1
