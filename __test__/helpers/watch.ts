import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import type { Seen } from './test-picture.ts'

/** For a page that is to be watched: what reads its videos, see pages/pictures.js. */
export async function watchScript(): Promise<string> {
  const module = await readFile(new URL('../e2e/pages/pictures.js', import.meta.url), 'utf8')
  return `globalThis.watch = (() => {${module.replaceAll(/^export /gm, '')}; return watch })();\n`
}

/** What an element of a page shows, in so many pictures. */
export function watch(page: Page, selector: string, count: number): Promise<Seen[]> {
  return page.evaluate(`watch(document.querySelector(${JSON.stringify(selector)}), ${count})`)
}
