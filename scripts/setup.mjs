// The one set-up program: installs and builds what is missing, and nothing else.
//
//   node scripts/setup.mjs start    what `npm start` needs: a compiler, npm packages, the addon, the TypeScript
//   node scripts/setup.mjs test     that, and Chromium and Python packages for the tests
//   node scripts/setup.mjs          the same as test
//
// It runs straight after a clone, so it uses nothing but Node itself.
import { buildAddon } from './setup/addon.mjs'
import { installNpmPackages } from './setup/npm.mjs'
import { installPythonPackages } from './setup/python.mjs'
import { CannotGoOn, say } from './setup/run.mjs'
import { installSystemPackages } from './setup/system.mjs'
import { checkNode, checkRust } from './setup/toolchains.mjs'
import { buildTypeScript } from './setup/typescript.mjs'

const PURPOSES = ['start', 'test', 'all']

function setUp(purpose) {
  if (!PURPOSES.includes(purpose)) throw new CannotGoOn(`No purpose '${purpose}': say one of ${PURPOSES.join(', ')}.`)
  const forTests = purpose !== 'start'
  checkNode()
  checkRust()
  installSystemPackages(forTests)
  installNpmPackages()
  buildAddon()
  buildTypeScript()
  if (forTests) installPythonPackages()
}

try {
  setUp(process.argv[2] ?? 'all')
  if (process.argv[2] === undefined) say('Everything is in place.')
} catch (error) {
  if (!(error instanceof CannotGoOn)) throw error
  console.error(`\nSet-up can't go on.\n${error.message}\n`)
  process.exitCode = 1
}
