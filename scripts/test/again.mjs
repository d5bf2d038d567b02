// Which tests are worth another run. Tests here hear what a call sounds like while it goes on, and a machine that stands still for
// a fifth of a second is heard in that. A fault of the program's is there the second time too.
import { existsSync } from 'node:fs'

/** More files than these are no accident. */
const MOST = 3

/**
 * The files of AVA's tests that failed, to be run once more.
 *
 * @param {string} output - a TAP stream of several files, whose titles begin with their path
 * @param {(path: string) => boolean} exists
 * @returns {string[] | undefined} undefined when a failure is no test's, or there are more than three
 */
export function filesToRepeat(output, exists = existsSync) {
  const titles = [...output.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, title = '']) => title)
  const files = new Set(titles.map((title) => fileOf(title.split(' › '), exists)))
  return files.size === 0 || files.size > MOST || files.has(undefined) ? undefined : [...files]
}

/** The longest beginning of a title that is a file. */
function fileOf(parts, exists) {
  const paths = parts.map((_, index) => `__test__/${parts.slice(0, index).join('/')}.test.ts`)
  return paths.findLast(exists)
}
