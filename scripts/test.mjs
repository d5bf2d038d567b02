// Runs every test, Rust's and TypeScript's, and ends with one line: 'N passed, N failed'.
import { fileURLToPath } from 'node:url'
import { filesToRepeat } from './test/again.mjs'
import { countCargo, countTap, summary, total } from './test/count.mjs'
import { runSuite } from './test/suite.mjs'

process.chdir(fileURLToPath(new URL('../', import.meta.url)))

const H264 =
  '-p parley-video -p parley-session -p parley-transport --features parley-transport/h264 --lib --test codec --test video'

const AVA = ['node_modules/ava/entrypoints/cli.mjs', '--tap']
const SOAKS = [...AVA, '__test__/soak/**']

const SUITES = [
  { program: 'cargo', args: ['test', '--workspace', '--no-fail-fast'], count: countCargo },
  // What the addon has only where it is asked for: see docs/h264.md.
  { program: 'cargo', args: ['test', ...H264.split(' '), '--no-fail-fast', '--', 'h264'], count: countCargo },
  { program: process.execPath, args: [...AVA, '__test__/**', '!__test__/soak/**'], count: countTap, again: alone },
  // By themselves: what else runs on the machine is heard in them.
  { program: process.execPath, args: SOAKS, count: countTap, again: () => SOAKS },
]

function alone(output) {
  const files = filesToRepeat(output)
  return files && [...AVA, '--concurrency', '1', ...files]
}

const counts = []
for (const suite of SUITES) {
  console.log(`\n# ${[suite.program, ...suite.args].join(' ')}\n`)
  counts.push(await runSuite(suite))
}
const all = total(counts)
console.log(`\n${summary(all)}`)
process.exitCode = all.failed === 0 ? 0 : 1
