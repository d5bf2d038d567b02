import { readFile } from 'node:fs/promises'
import ts from 'typescript'

/** The README's first example as JavaScript, listening on any free port instead of its own. */
export async function readmeExample(): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const example = [...readme.matchAll(/```(?:ts|js)\n([\s\S]+?)```/g)].map((match) => match[1] ?? '').find(isProgram)
  if (!example) throw new Error('README.md has no example that launches a stream')
  return ts.transpile(example, OPTIONS).replace(/\.launch\(.*\)/, '.launch({ port: 0 })')
}

const OPTIONS = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true }

function isProgram(code: string): boolean {
  return code.includes("from 'parley-rtc'") && code.includes('.launch(')
}
