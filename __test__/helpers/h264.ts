import { readdirSync, readFileSync } from 'node:fs'

const NPM = new URL('../../npm/', import.meta.url)
/** What OpenH264 begins each line of its log with. */
const TRACE = '[OpenH264] this = '

/** Whether the addon was built with the feature `h264`; see docs/h264.md. */
export function hasH264(): boolean {
  const addons = readdirSync(NPM).filter((name) => name.endsWith('.node'))
  return addons.some((name) => readFileSync(new URL(name, NPM)).includes(TRACE))
}
