// Compiles src to dist: the server for Node, src/client for browsers, and every other file copied to its place.
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('../', import.meta.url)))

const BROWSER = ['-p', 'src/client', '--noEmit', 'false', '--rootDir', 'src', '--outDir', 'dist']

function compile(args) {
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}

/** Pages and styles go along as they are; sources and their configuration stay. */
function isAsset(path) {
  return statSync(path).isDirectory() || !/(\.ts|tsconfig.*\.json)$/.test(path)
}

rmSync('dist', { recursive: true, force: true })
compile(['-p', 'tsconfig.build.json'])
compile(BROWSER)
cpSync('src', 'dist', { recursive: true, filter: isAsset })
