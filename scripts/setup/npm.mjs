// npm packages: exactly those of the lock file.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, run, say } from './run.mjs'

/** Runs `npm ci` when node_modules isn't what package-lock.json says. */
export function installNpmPackages() {
  if (isInstalled()) return
  say('Installing npm packages …')
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'])
}

/** npm keeps what it installed in a lock file of its own; optional packages are there on some platforms only. */
function isInstalled() {
  const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map(packagesOf)
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || (path in installed ? installed[path].version === version : optional),
  )
}

function packagesOf(lockFile) {
  const path = join(ROOT, lockFile)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {}
}
