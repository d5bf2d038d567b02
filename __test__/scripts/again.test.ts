import test from 'ava'
import { filesToRepeat } from '../../scripts/test/again.mjs'

const FILES = ['a/first', 'a/second', 'b/third', 'b/fourth'].map((name) => `__test__/${name}.test.ts`)
const isFile = (path: string): boolean => FILES.includes(path)

test('the files of failed tests are found by the beginnings of their titles', (t) => {
  const output = `ok 1 - a › first › is well
not ok 2 - a › second › fails › with an arrow in its title
  ---
not ok 3 - b › third › fails
not ok 4 - a › second › fails too
`
  t.deepEqual(filesToRepeat(output, isFile), ['__test__/a/second.test.ts', '__test__/b/third.test.ts'])
})

test('many failures are no accident, and neither is one of no test', (t) => {
  const failures = ['a › first', 'a › second', 'b › third', 'b › fourth'].map((file) => `not ok 1 - ${file} › fails\n`)
  t.is(filesToRepeat(failures.join(''), isFile), undefined)
  t.is(filesToRepeat('TAP version 13\n1..0\n', isFile), undefined)
  t.is(filesToRepeat(`${failures[0]}not ok 2 - Timed out while running tests\n`, isFile), undefined)
})
