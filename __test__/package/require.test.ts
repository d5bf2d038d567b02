import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const PROGRAM = `
  const required = require('parley-rtc')
  import('parley-rtc').then((imported) => {
    console.log(JSON.stringify({ type: typeof required.Stream, same: required.Stream === imported.Stream }))
  })
`

test("require('parley-rtc') gives the same classes as import", async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=commonjs', '--eval', PROGRAM], {
    cwd: ROOT,
  })
  t.deepEqual(JSON.parse(stdout), { type: 'function', same: true })
})
