import { readdir, readFile } from 'node:fs/promises'
import test from 'ava'
import { importedSymbols } from './elf.ts'

const NPM = new URL('../../npm/', import.meta.url)

async function builtAddons(): Promise<URL[]> {
  return (await readdir(NPM)).filter((name) => name.endsWith('.node')).map((name) => new URL(name, NPM))
}

// Electron's V8 sandbox forbids memory that was allocated outside of it.
const EXTERNAL = ['napi_create_external_arraybuffer', 'napi_create_external_buffer', 'node_api_create_external_buffer']

const linuxTest = process.platform === 'linux' ? test : test.skip

linuxTest("the addon hands no memory of its own to JavaScript, so it runs in Electron's sandbox", async (t) => {
  const addons = await builtAddons()
  t.true(addons.length > 0, 'an addon is built')
  for (const addon of addons) {
    const library = await readFile(addon)
    const imported = importedSymbols(library)
    t.true(
      imported.some((name) => name.startsWith('napi_')),
      'the table was read',
    )
    t.deepEqual(
      imported.filter((name) => EXTERNAL.includes(name)),
      [],
    )
    t.deepEqual(
      EXTERNAL.filter((name) => library.includes(name)),
      [],
      'nor are they looked up by name at run time',
    )
  }
})

linuxTest('the addon brings its video codec along, so none has to be installed beside it', async (t) => {
  for (const addon of await builtAddons()) {
    const library = await readFile(addon)
    t.true(library.includes('WebM Project VP8 Encoder'), 'libvpx is in it')
    t.deepEqual(
      importedSymbols(library).filter((name) => name.startsWith('vpx_')),
      [],
    )
  }
})
