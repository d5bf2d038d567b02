// A stamp remembers from what something was made, so that it is made again only when that changed.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './run.mjs'

const FOLDER = join(ROOT, '.cache', 'stamps')

/**
 * Calls `make` unless it was made before from the same sources and its results are still there, unchanged.
 *
 * @param name - the stamp's file name
 * @param sources - files and folders (with all that is below them) and `=facts`, such as a compiler's version
 * @param results - what `make` writes, as a function, for it may write files that aren't there before
 */
export function makeOnce(name, sources, results, make) {
  const stamp = join(FOLDER, name)
  const now = () => fingerprint([...sources, ...results()])
  if (
    results().every((path) => existsSync(join(ROOT, path))) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === now()
  )
    return
  make()
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(stamp, now())
}

/** A hash of names and contents: times don't count, for a checkout changes them. */
function fingerprint(items) {
  const hash = createHash('sha256')
  for (const item of items) {
    if (item.startsWith('=')) hash.update(`${item}\0`)
    else
      for (const file of filesBelow(item))
        hash
          .update(`${file}\0`)
          .update(readFileSync(join(ROOT, file)))
          .update('\0')
  }
  return hash.digest('hex')
}

function filesBelow(path) {
  const full = join(ROOT, path)
  if (!existsSync(full)) return []
  if (!statSync(full).isDirectory()) return [path]
  return readdirSync(full)
    .sort()
    .flatMap((name) => filesBelow(`${path}/${name}`))
}
