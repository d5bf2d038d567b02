// System packages: only those whose programs are missing, and only when we may install them.
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { ask, CannotGoOn, run, say } from './run.mjs'

/**
 * What the build needs (libopus is compiled by CMake, libvpx is linked from the system's static library), and what the
 * tests need beyond it.
 */
const FOR_BUILDING = [
  { program: 'a C compiler', isThere: () => onPath('cc', 'gcc', 'clang'), packages: ['gcc', 'libc6-dev'] },
  { program: 'make', isThere: () => onPath('make', 'ninja'), packages: ['make'] },
  { program: 'CMake', isThere: () => onPath('cmake'), packages: ['cmake'] },
  {
    program: 'libvpx as a static library (libvpx.a, not only libvpx.so)',
    isThere: hasLibvpx,
    packages: ['libvpx-dev'],
  },
]
const FOR_TESTING = [
  { program: 'Chromium', isThere: () => process.env['CHROMIUM'] || onPath('chromium'), packages: ['chromium'] },
  {
    program: 'Firefox',
    isThere: () => process.env['FIREFOX'] || onPath('firefox-esr', 'firefox'),
    packages: ['firefox-esr'],
  },
  { program: 'coturn', isThere: () => onPath('turnserver'), packages: ['coturn'] },
  { program: 'Python with venv', isThere: hasPythonWithVenv, packages: ['python3-venv'] },
]

/** Installs the system packages that are missing, or stops and names the command that would. */
export function installSystemPackages(forTests) {
  const missing = [...FOR_BUILDING, ...(forTests ? FOR_TESTING : [])].filter(({ isThere }) => !isThere())
  if (missing.length === 0) return
  const programs = missing.map(({ program }) => program).join(', ')
  const packages = missing.flatMap((each) => each.packages)
  if (!onPath('apt-get')) throw new CannotGoOn(elsewhere(programs, packages))
  const sudo = mayInstall()
  if (!sudo) throw new CannotGoOn(`Missing: ${programs}. Install them and start again:\n  ${byHand(packages)}`)
  say(`Installing ${packages.join(' ')} with apt-get …`)
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const [command, ...rest] = [...sudo, 'apt-get', '-q', '-o', 'Acquire::Retries=3', ...args]
    run(command, rest, { DEBIAN_FRONTEND: 'noninteractive' })
  }
}

/** What to put before apt-get (nothing for root), or undefined when we may not install. */
function mayInstall() {
  if (process.getuid?.() === 0) return []
  return onPath('sudo') && ask('sudo', ['-n', 'true']) !== undefined ? ['sudo'] : undefined
}

function byHand(packages) {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`
}

function elsewhere(programs, packages) {
  return (
    `Missing: ${programs}. Install them with this system's package manager and start again.\n` +
    `(On Debian the packages are: ${packages.join(' ')}. On macOS: xcode-select --install; brew install cmake libvpx. Where no package\n` +
    ` has libvpx.a, build libvpx with --enable-static --enable-pic, and name the folder it is installed in, with its\n` +
    ` include and lib, in PARLEY_LIBVPX.)`
  )
}

/** Looks where the build script of crates/video does. */
function hasLibvpx() {
  if (process.env['PARLEY_LIBVPX'] || process.platform === 'win32') return true
  const compiler = process.env['CC'] || ['cc', 'gcc', 'clang'].find((name) => onPath(name))
  const file = compiler && ask(compiler, ['-print-file-name=libvpx.a'])?.trim()
  if (file && isAbsolute(file)) return true
  const folder = onPath('pkg-config') ? ask('pkg-config', ['--variable=libdir', 'vpx'])?.trim() : ''
  return Boolean(folder) && existsSync(join(folder ?? '', 'libvpx.a'))
}

function hasPythonWithVenv() {
  return onPath('python3') && ask('python3', ['-c', 'import venv, ensurepip']) !== undefined
}

function onPath(...names) {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const files = process.platform === 'win32' ? names.map((name) => `${name}.exe`) : names
  return folders.some((folder) => files.some((file) => isProgram(join(folder, file))))
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
