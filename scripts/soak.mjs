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

const child = spawn(process.execPath, ['--expose-gc', `${TO}/${name}.js`, ...args], { stdio: 'inherit' })
// Ctrl+C reaches both; the program says how it ends.
process.on('SIGINT', () => undefined)
child.once('exit', (code) => process.exit(code ?? 1))
