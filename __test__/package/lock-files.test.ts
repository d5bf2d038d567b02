import { readFile } from 'node:fs/promises'
import test from 'ava'

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

interface LockedPackage {
  readonly resolved?: string
  readonly optionalDependencies?: Record<string, string>
}

async function lockedPackages(): Promise<Record<string, LockedPackage>> {
  return (JSON.parse(await read('package-lock.json')) as { packages: Record<string, LockedPackage> }).packages
}

test('package-lock.json says what to install, and not from where', async (t) => {
  const packages = await lockedPackages()
  const withAddress = Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined)
  t.deepEqual(withAddress, [])
  t.true(Object.keys(packages).length > 50)
})

test('package-lock.json has the packages of every platform, so npm ci takes it on each', async (t) => {
  const packages = await lockedPackages()
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
    ),
  )
  t.deepEqual(missing, [], 'node scripts/complete-lock.mjs adds them')
})

for (const lock of ['Cargo.lock', 'fuzz/Cargo.lock']) {
  test(`${lock} names no source but the public index under its usual name`, async (t) => {
    const sources = [...(await read(lock)).matchAll(/^source = "(.+)"$/gm)].map((match) => match[1])
    t.deepEqual([...new Set(sources)], ['registry+https://github.com/rust-lang/crates.io-index'])
  })
}

test('what is fuzzed is built of the crates that are shipped', async (t) => {
  const [shipped, fuzzed] = await Promise.all(['Cargo.lock', 'fuzz/Cargo.lock'].map(lockedCrates))
  const others = [...(fuzzed ?? [])].filter(([name, versions]) => {
    const known = shipped?.get(name)
    return known !== undefined && versions.some((version) => !known.includes(version))
  })
  t.deepEqual(others, [], 'cargo update --manifest-path fuzz/Cargo.toml NAME --precise VERSION')
})

/** The versions of each crate in a lock file. */
async function lockedCrates(path: string): Promise<Map<string, string[]>> {
  const crates = new Map<string, string[]>()
  for (const [, name = '', version = ''] of (await read(path)).matchAll(/^name = "(.+)"\nversion = "(.+)"$/gm)) {
    crates.set(name, [...(crates.get(name) ?? []), version])
  }
  return crates
}
