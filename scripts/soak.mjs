// Runs a program of soak/ as plain JavaScript: `node scripts/soak.mjs sessions --minutes 5`. What it measures is its own
// process, so no loader that compiles TypeScript may live in it: a loader's allocator has memory of its own, which the
// kernel turns into huge pages bit by bit, and that would be measured as growth.
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

process.chdir(fileURLToPath(new URL('../', import.meta.url)))

const FROM = 'soak'
const TO = 'temp/soak'
/**
 * These look for growth of less than a tenth of what allocators keep as they please: glibc has up to eight arenas a core, each
 * of which keeps the most that one of its threads ever used, and V8's young generation takes between 1 and 48 MiB. With one
 * arena, no threshold that grows, and a young generation that stays as it is, what is left of growth is ours. Variables that are
 * set win.
 */
const STEADY = ['cycles', 'sessions']
const [name, ...args] = process.argv.slice(2)
const programs = readdirSync(FROM).filter((file) => file.endsWith('.ts'))
if (!programs.includes(`${name}.ts`)) {
  console.error(`There is no soak/${name}.ts`)
  process.exit(2)
}

const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
}
rmSync(TO, { recursive: true, force: true })
mkdirSync(TO, { recursive: true })
for (const file of programs) {
  const { outputText } = ts.transpileModule(readFileSync(`${FROM}/${file}`, 'utf8'), {
    compilerOptions,
    fileName: file,
  })
  writeFileSync(`${TO}/${file.replace(/\.ts$/, '.js')}`, outputText)
}

const isSteady = STEADY.includes(name ?? '')
const flags = ['--expose-gc', ...(isSteady ? ['--max-semi-space-size=1'] : [])]
const allocator = isSteady ? { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' } : {}
const env = { ...allocator, ...process.env }
const child = spawn(process.execPath, [...flags, `${TO}/${name}.js`, ...args], { stdio: 'inherit', env })
// Ctrl+C reaches both; the program says how it ends.
process.on('SIGINT', () => undefined)
child.once('exit', (code) => process.exit(code ?? 1))
