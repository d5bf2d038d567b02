import { readFile } from 'node:fs/promises'
import test from 'ava'
import * as errors from '../src/errors.ts'

const SOURCE = new URL('../src/errors.ts', import.meta.url)
const DOCS = new URL('../docs/errors.md', import.meta.url)

test('docs/errors.md explains each code, and no other', async (t) => {
  const [source, docs] = await Promise.all([readFile(SOURCE, 'utf8'), readFile(DOCS, 'utf8')])
  const codes = new Set(source.match(/ERR_PARLEY_[A-Z_]+/g))
  const explained = docs.match(/(?<=^## )ERR_PARLEY_[A-Z_]+$/gm) ?? []
  t.deepEqual(explained.toSorted(), [...codes].toSorted())
  t.true(codes.size > 10)
})

test('every error is a ParleyError with a code and the name of its class', (t) => {
  const { ParleyError, ...subclasses } = errors
  for (const [name, Class] of Object.entries(subclasses)) {
    const error = new (Class as unknown as new (...args: string[]) => InstanceType<typeof ParleyError>)('a', 'b')
    t.true(error instanceof ParleyError, name)
    t.is(error.name, name)
    t.regex(error.code, /^ERR_PARLEY_[A-Z_]+$/)
    t.not(error.message, '')
  }
})
