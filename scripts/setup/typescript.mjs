// The TypeScript, compiled to dist.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, run, say } from './run.mjs'
import { makeOnce } from './stamp.mjs'

const SOURCES = ['src', 'npm/binding.d.ts', 'scripts/build-ts.mjs', 'tsconfig.json', 'tsconfig.build.json']

/** Compiles the TypeScript when it or its compiler changed. */
export function buildTypeScript() {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  makeOnce(
    'typescript',
    [...SOURCES, `=${devDependencies.typescript}`],
    () => ['dist/index.js', 'dist/index.d.ts'],
    () => {
      say('Compiling the TypeScript …')
      run('npm', ['run', '--silent', 'build:ts'])
    },
  )
}
