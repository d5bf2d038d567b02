// Compiles src to dist: the server for Node, src/client for browsers, and every other file copied to its place.
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

process.chdir(fileURLToPath(new URL('../', import.meta.url)))

const BROWSER = ['-p', 'src/client', '--noEmit', 'false', '--inlineSources', '--rootDir', 'src', '--outDir', 'dist']

function compile(args) {
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}

/** Pages and styles go along as they are; sources and their configuration stay. */
function isAsset(path) {
  return statSync(path).isDirectory() || !/(\.ts|tsconfig.*\.json)$/.test(path)
}

/** The code of the worklets as strings, so that they are where the module is that loads them, wherever a bundler takes it. */
function embedWorklets() {
  const code = Object.fromEntries(['capture', 'playback'].map((name) => [name, workletCode(name)]))
  writeFileSync('dist/client/websocket/worklet-code.js', `export const WORKLET_CODE = ${JSON.stringify(code)};\n`)
}

function workletCode(name) {
  const source = readFileSync(`src/client/websocket/${name}-worklet.ts`, 'utf8')
  const { ESNext: module } = ts.ModuleKind
  const compilerOptions = { module, target: ts.ScriptTarget.ES2023, removeComments: true }
  return ts.transpileModule(source, { compilerOptions }).outputText
}

rmSync('dist', { recursive: true, force: true })
compile(['-p', 'tsconfig.build.json'])
compile(BROWSER)
embedWorklets()
cpSync('src', 'dist', { recursive: true, filter: isAsset })
