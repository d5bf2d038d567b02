// Every check but the tests. All are run, so that one look shows everything there is to put right.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('../', import.meta.url)))

const bin = (name, ...args) => [`node_modules/.bin/${name}`, ...args]
const node = (script, ...args) => [process.execPath, script, ...args]
const DENY_WARNINGS = { RUSTDOCFLAGS: '-D warnings' }
const H264 = '-p parley-video -p parley-session -p parley-transport --features parley-transport/h264'.split(' ')

const CHECKS = [
  { title: 'format', command: bin('prettier', '--check', '.') },
  { title: 'lint', command: bin('oxlint', '--type-aware', '--deny-warnings') },
  ...['.', 'src/client', '__test__', 'scripts'].map((project) => ({
    title: `types of ${project}`,
    command: bin('tsc', '-p', project),
  })),
  { title: 'unused code and packages', command: bin('knip') },
  { title: 'API report', command: node('scripts/api-report.mjs') },
  { title: 'API comments', command: node('scripts/api-docs.mjs', '--emit', 'none') },
  { title: 'package', command: bin('publint', '--strict') },
  { title: 'package types', command: bin('attw', '--pack', '.', '--profile', 'esm-only') },
  { title: 'Rust format', command: ['cargo', 'fmt', '--all', '--check'] },
  { title: 'Rust lint', command: ['cargo', 'clippy', '--workspace', '--all-targets', '--', '-D', 'warnings'] },
  { title: 'Rust lint with H.264', command: ['cargo', 'clippy', ...H264, '--all-targets', '--', '-D', 'warnings'] },
  { title: 'Rust docs', command: ['cargo', 'doc', '--workspace', '--no-deps'], env: DENY_WARNINGS },
  { title: 'Rust licences and sources', command: node('scripts/check-crates.mjs') },
  {
    title: 'generated loader is committed',
    command: ['git', 'diff', '--exit-code', '--', 'npm/binding.js', 'npm/binding.d.ts'],
  },
]

function passes({ title, command, env = {} }) {
  const [program = '', ...args] = command
  console.log(`\n# ${title}: ${[program, ...args].join(' ')}`)
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) console.error(error.message)
  return status === 0
}

const failed = CHECKS.filter((check) => !passes(check)).map(({ title }) => title)
console.log(failed.length === 0 ? `\nAll ${CHECKS.length} checks pass.` : `\nThese checks fail: ${failed.join(', ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1
