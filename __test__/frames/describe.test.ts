import test from 'ava'
import { describe } from '../../src/frames/describe.ts'

function thrower(): never {
  throw new Error('not for you')
}

test('a value in an error message is short and on one line', (t) => {
  t.is(describe('a\nb'), '"a\\nb"')
  t.is(describe('x'.repeat(1000)).length, 63)
  t.is(describe(new Uint8Array(960)), 'Uint8Array(960)')
  t.is(describe([24_000, new Int16Array(480), [1, 2]]), '[24000, Int16Array(480), an array of 2]')
  t.is(describe([1, 2, 3, 4, 5]), '[1, 2, 3, 4, …]')
  t.is(describe(Promise.resolve()), 'Promise')
  t.is(describe({ secret: 'never shown' }), 'Object')
  t.is(describe(Object.create(null)), 'an object')
  t.is(describe(null), 'null')
  t.is(describe(new Proxy({}, { get: thrower })), 'an object')
  t.is(describe(undefined), 'undefined')
  t.is(describe(12n), '12n')
  t.is(describe(test), 'the function test')
})
