// The package's public entries, read from package.json: what is reported and documented is what can be imported.
import { readFileSync } from 'node:fs'

const { name, exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** Each entry's name (`parley-rtc`, `parley-rtc/express` …), its declarations in dist and its source. */
export const ENTRIES = Object.entries(exports)
  .filter(([, target]) => target.types)
  .map(([path, { types }]) => ({
    name: name + path.slice(1),
    declarations: types,
    source: types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts'),
    isForBrowsers: path === './client',
  }))
