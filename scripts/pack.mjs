// Makes the tarballs that are published: the package, and one for each platform whose addon was built.
//
//   node scripts/pack.mjs [FOLDER]    writes them to FOLDER (.cache/packages) and prints their paths
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { thirdPartyNotices } from './pack/notices.mjs'
import { builtPlatforms } from './pack/platforms.mjs'

const into = resolve(process.argv[2] ?? fileURLToPath(new URL('../.cache/packages', import.meta.url)))
process.chdir(fileURLToPath(new URL('../', import.meta.url)))

const STAGING = '.cache/staging'
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** Lays a package out in a folder of its own, so that nothing in the work tree changes. */
function stage(manifest, copy) {
  const folder = join(STAGING, manifest.name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  copy(folder)
  const tarball = execFileSync('npm', ['pack', '--silent', '--pack-destination', into], {
    cwd: folder,
    encoding: 'utf8',
  })
  return join(into, tarball.trim().split('\n').at(-1) ?? '')
}

function packPlatform({ folder, manifest, addon }) {
  return stage(manifest, (staged) => {
    copyFileSync(addon, join(staged, manifest.main))
    copyFileSync('LICENSE', join(staged, 'LICENSE'))
    writeFileSync(join(staged, 'THIRD-PARTY-NOTICES.txt'), thirdPartyNotices(folder, readFileSync(addon)))
  })
}

/** The published manifest names the platforms' packages; the one in the work tree can't, for they aren't published yet. */
function packMain(platforms) {
  const { devDependencies, scripts, ava, napi, ...manifest } = readJson('package.json')
  const optionalDependencies = Object.fromEntries(platforms.map(({ manifest: { name, version } }) => [name, version]))
  return stage({ ...manifest, optionalDependencies }, (staged) => {
    for (const path of [...manifest.files, 'README.md', 'LICENSE'])
      cpSync(path, join(staged, path), { recursive: true })
  })
}

mkdirSync(into, { recursive: true })
const platforms = builtPlatforms()
if (platforms.length === 0) throw new Error("No addon is built for any platform: run 'npm run setup' first.")
for (const path of [...platforms.map(packPlatform), packMain(platforms)]) console.log(path)
