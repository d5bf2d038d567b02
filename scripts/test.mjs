// Runs every test, Rust's and TypeScript's, and ends with one line: 'N passed, N failed'.
import { fileURLToPath } from 'node:url'
import { countCargo, countTap, summary, total } from './test/count.mjs'
import { runSuite } from './test/suite.mjs'

process.chdir(fileURLToPath(new URL('../', import.meta.url)))

const SUITES = [
  { program: 'cargo', args: ['test', '--workspace', '--no-fail-fast'], count: countCargo },
  { program: process.execPath, args: ['node_modules/ava/entrypoints/cli.mjs', '--tap'], count: countTap },
]

const counts = []
for (const suite of SUITES) {
  console.log(`\n# ${[suite.program, ...suite.args].join(' ')}\n`)
  counts.push(await runSuite(suite))
}
const all = total(counts)
console.log(`\n${summary(all)}`)
process.exitCode = all.failed === 0 ? 0 : 1
