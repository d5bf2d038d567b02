// Runs one suite of tests.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/**
 * Runs a suite's program, hands on what it prints as it comes, and counts it at the end.
 *
 * @param {{ program: string, args: string[], count: (output: string, exitCode: number) => any }} suite
 * @param {(text: string) => unknown} show
 */
export async function runSuite({ program, args, count }, show = (text) => process.stdout.write(text)) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
    show(text)
  })
  const exitCode = await exitCodeOf(child)
  return count(output, exitCode)
}

/** A program that a signal ended gets the number that shells give it. */
function exitCodeOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}
