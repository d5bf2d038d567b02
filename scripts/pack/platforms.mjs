// The platforms' packages: one folder each below npm, with the manifest that is published.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Those whose addon lies in npm, where `napi build` puts it. */
export function builtPlatforms() {
  return readdirSync('npm', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name: folder }) => {
      const manifest = JSON.parse(readFileSync(join('npm', folder, 'package.json'), 'utf8'))
      return { folder, manifest, addon: join('npm', manifest.main) }
    })
    .filter(({ addon }) => existsSync(addon))
}
