// Runs one suite of tests.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/**
 * Runs a suite's program, hands on what it prints as it comes, and counts it at the end. Where tests failed and `again` says
 * how those are run that may have failed by accident, they count as failed when they fail then too.
 *
 * @param {{
 *   program: string, args: string[], count: (output: string, exitCode: number) => any, again?: (output: string) => string[] | undefined
 * }} suite
 * @param {(text: string) => unknown} show
 */
export async function runSuite({ program, args, count, again }, show = (text) => process.stdout.write(text)) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
    show(text)
  })
  const exitCode = await exitCodeOf(child)
  const counted = count(output, exitCode)
  const repeated = counted.failed > 0 ? again?.(output) : undefined
  if (repeated === undefined) return counted
  show(`\n# ${counted.failed} failed, and once more: ${[program, ...repeated].join(' ')}\n\n`)
  const second = await runSuite({ program, args: repeated, count }, show)
  return second.failed > 0 ? counted : { ...counted, passed: counted.passed + counted.failed, failed: 0 }
}

/** A program that a signal ended gets the number that shells give it. */
function exitCodeOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}
