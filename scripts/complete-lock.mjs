// Adds to package-lock.json the optional packages of other platforms that npm left out.
//
// npm writes only those that the registry at hand can describe, and a mirror may lack some; `npm ci` then refuses the
// lock. What is missing is in the packages' names: `@scope/tool-linux-arm64-musl`.
import { readFileSync, writeFileSync } from 'node:fs'

const LOCK = new URL('../package-lock.json', import.meta.url)
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

function missingFrom(packages) {
  return Object.entries(packages).flatMap(([path, parent]) =>
    Object.entries(path === '' ? {} : (parent.optionalDependencies ?? {}))
      .filter(([name]) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`])
      .map(([name, version]) => [`node_modules/${name}`, entryFor(name, version, parent)]),
  )
}

function entryFor(name, version, { dev, license }) {
  const words = name.split(/[-/]/)
  const os = SYSTEMS.filter((system) => words.includes(system))
  const cpu = PROCESSORS.filter((processor) => words.includes(processor))
  if (cpu.length === 0) throw new Error(`${name} doesn't say in its name what it is for: add it with npm itself`)
  const libc = /-musl/.test(name) ? ['musl'] : /linux.*-gnu/.test(name) ? ['glibc'] : []
  return {
    version,
    cpu,
    ...(dev && { dev }),
    ...(libc.length > 0 && { libc }),
    license,
    optional: true,
    ...(os.length > 0 && { os }),
  }
}

const lock = JSON.parse(readFileSync(LOCK, 'utf8'))
const missing = missingFrom(lock.packages)
const entries = [...Object.entries(lock.packages), ...missing].sort(([a], [b]) => a.localeCompare(b, 'en'))
writeFileSync(LOCK, `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, undefined, 2)}\n`)
console.log(`Added ${missing.length} packages to package-lock.json.`)
