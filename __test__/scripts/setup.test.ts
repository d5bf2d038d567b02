import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'

const SETUP = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url))

/** A PATH of one folder, with Node and programs that print what they are told to. */
async function pathWith(t: ExecutionContext, programs: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-path-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await symlink(process.execPath, join(folder, 'node'))
  for (const [name, output] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\necho '${output}'\n`, { mode: 0o755 })
  }
  return folder
}

async function failingSetUp(t: ExecutionContext, path: string, ...args: string[]): Promise<string> {
  const { code, stderr } = await t.throwsAsync<Error & { code: number; stderr: string }>(
    promisify(execFile)(process.execPath, [SETUP, ...args], { env: { PATH: path } }),
  )
  t.is(code, 1)
  return stderr
}

// Shell scripts stand in for programs.
const unixTest = process.platform !== 'win32' ? test : test.skip

unixTest('set-up without Rust says how to get it', async (t) => {
  const said = await failingSetUp(t, await pathWith(t, {}), 'start')
  t.regex(said, /Rust 1\.\d+ or later is needed/)
  t.regex(said, /rustup/)
})

unixTest('set-up with an old Rust says which one is needed', async (t) => {
  const said = await failingSetUp(t, await pathWith(t, { cargo: 'cargo 1.70.0 (ec8a8a0ca 2023-04-25)' }), 'start')
  t.regex(said, /this is 1\.70\.0.*rustup update/s)
})

unixTest('set-up that may not install packages names all that are missing', async (t) => {
  const path = await pathWith(t, { cargo: 'cargo 99.0.0', cc: '' })
  t.regex(await failingSetUp(t, path, 'start'), /Missing: make, CMake, libvpx as a static library .*\. Install/)
  t.regex(await failingSetUp(t, path, 'test'), /Missing: make, CMake, libvpx .*, Chromium, .*Python with venv\./)
})

unixTest('set-up for an unknown purpose names the known ones', async (t) => {
  t.regex(await failingSetUp(t, process.env['PATH'] ?? '', 'everything'), /start, test, all/)
})
