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

test('Cargo.lock names no source but the public index under its usual name', async (t) => {
  const sources = [...(await read('Cargo.lock')).matchAll(/^source = "(.+)"$/gm)].map((match) => match[1])
  t.deepEqual([...new Set(sources)], ['registry+https://github.com/rust-lang/crates.io-index'])
})
