import { readFile } from 'node:fs/promises'
import test from 'ava'

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

test('package-lock.json says what to install, and not from where', async (t) => {
  const { packages } = JSON.parse(await read('package-lock.json')) as {
    packages: Record<string, { resolved?: string }>
  }
  const withAddress = Object.keys(packages).filter((name) => packages[name]?.resolved !== undefined)
  t.deepEqual(withAddress, [])
  t.true(Object.keys(packages).length > 50)
})

test('Cargo.lock names no source but the public index under its usual name', async (t) => {
  const sources = [...(await read('Cargo.lock')).matchAll(/^source = "(.+)"$/gm)].map((match) => match[1])
  t.deepEqual([...new Set(sources)], ['registry+https://github.com/rust-lang/crates.io-index'])
})
