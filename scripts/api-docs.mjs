// Writes the API's documentation to docs/api, or with `--emit none` only checks that no public item lacks a comment.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ENTRIES } from './entries.mjs'

process.chdir(fileURLToPath(new URL('../', import.meta.url)))

/** Browser code compiles without Node's types, so it is documented by itself. */
const PARTS = [
  { tsconfig: 'tsconfig.json', out: 'docs/api', entries: ENTRIES.filter((entry) => !entry.isForBrowsers) },
  {
    tsconfig: 'src/client/tsconfig.json',
    out: 'docs/api/client',
    entries: ENTRIES.filter((entry) => entry.isForBrowsers),
  },
]

function document({ tsconfig, out, entries }) {
  const sources = entries.flatMap(({ source }) => ['--entryPoints', source])
  const args = [
    'node_modules/typedoc/bin/typedoc',
    '--tsconfig',
    tsconfig,
    '--out',
    out,
    ...sources,
    ...process.argv.slice(2),
  ]
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0
}

process.exitCode = PARTS.map(document).every(Boolean) ? 0 : 1
