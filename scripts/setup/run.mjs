// How set-up runs other programs and speaks to the person who waits for it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository's root, where every program is run. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Something that only the person at the machine can put right. The message says what and how. */
export class CannotGoOn extends Error {}

/** Tells what is about to happen, before anything that takes longer than a moment. */
export function say(text) {
  console.log(`[set-up] ${text}`)
}

/** Runs a program with its output shown, and stops set-up when it fails. */
export function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  const line = [command, ...args].join(' ')
  if (error) throw new CannotGoOn(`'${line}' could not be started: ${error.message}`)
  if (status !== 0) throw new CannotGoOn(`'${line}' failed; what it printed is above.`)
}

/** What a program prints on its standard output, or undefined when it is missing or fails. */
export function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  return status === 0 ? stdout.trim() : undefined
}
