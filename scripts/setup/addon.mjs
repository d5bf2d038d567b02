// The native addon, compiled by cargo through napi.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, ROOT, run, say } from './run.mjs'
import { makeOnce } from './stamp.mjs'

const SOURCES = ['crates', 'build.rs', 'Cargo.toml', 'Cargo.lock']
const LOADER = ['npm/binding.js', 'npm/binding.d.ts']

/** Builds the addon and its loader, when their sources or the compiler changed. */
export function buildAddon() {
  const { scripts, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const facts = [ask('rustc', ['--version']), scripts['build:addon'], devDependencies['@napi-rs/cli']]
  makeOnce('addon', [...SOURCES, ...facts.map((fact) => `=${fact}`)], results, () => {
    say('Building the native addon (some minutes the first time) …')
    run('npm', ['run', '--silent', 'build:addon'])
  })
}

function results() {
  const built = existsSync(join(ROOT, 'npm'))
    ? readdirSync(join(ROOT, 'npm')).filter((name) => name.endsWith('.node'))
    : []
  return [...LOADER, ...(built.length > 0 ? built.map((name) => `npm/${name}`) : ['npm/the-addon.node'])]
}
