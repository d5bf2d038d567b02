import test from 'ava'
import { InvalidRequestError, type InputDescription } from '../../src/index.ts'
import { parseInputValues } from '../../src/stream/input-values.ts'

const INPUTS: InputDescription[] = [
  { type: 'slider', name: 'speed', min: 1, max: 9 },
  { type: 'number', name: 'count' },
  { type: 'text', name: 'who' },
  { type: 'textarea', name: 'what' },
  { type: 'checkbox', name: 'loud' },
  { type: 'select', name: 'voice', options: ['low', { value: 'high', label: 'High' }] },
  { type: 'select', name: 'tags', options: ['a', 'b'], multiple: true },
  { type: 'json', name: 'more' },
]

test('each kind of input has values of its kind', (t) => {
  const values = [2.5, -1, 'ada', 'two\nlines', true, 'high', ['a', 'b'], { a: [null] }]
  t.deepEqual(parseInputValues(INPUTS, values), values)
})

test('an input that was left empty is null', (t) => {
  const empty = INPUTS.map(() => null)
  t.deepEqual(parseInputValues(INPUTS, empty), empty)
})

test('a file has its bytes, and several are a list', (t) => {
  const file = { name: 'a.txt', type: 'text/plain', data: 'aGVsbG8=' }
  const decoded = { name: 'a.txt', type: 'text/plain', data: new Uint8Array(Buffer.from('hello')) }
  t.deepEqual(parseInputValues([{ type: 'file', name: 'paper' }], [file]), [decoded])
  t.deepEqual(parseInputValues([{ type: 'file', name: 'papers', multiple: true }], [[file, file]]), [
    [decoded, decoded],
  ])
})

const WRONG: [input: InputDescription, value: unknown, message: RegExp][] = [
  [{ type: 'slider', name: 'speed', min: 1, max: 9 }, 10, /values\[0\].*'speed'.*a number from 1 to 9, not 10/],
  [{ type: 'number', name: 'count' }, '7', /a number, not "7"/],
  [{ type: 'text', name: 'who' }, 7, /a string, not 7/],
  [{ type: 'checkbox', name: 'loud' }, 'on', /true or false, not "on"/],
  [{ type: 'select', name: 'voice', options: ['low'] }, 'lower', /one of its options, not "lower"/],
  [{ type: 'select', name: 'tags', options: ['a'], multiple: true }, 'a', /a list of its options, not "a"/],
  [{ type: 'file', name: 'paper' }, { name: 'a' }, /a file/],
  [{ type: 'text', name: 'who', required: true }, null, /'who' is required/],
]
for (const [input, value, message] of WRONG) {
  test(`refused by name: ${message.source}`, (t) => {
    const error = t.throws(() => parseInputValues([input], [value]), { instanceOf: InvalidRequestError, message })
    t.is(error?.field, 'values[0]')
  })
}

test('there is one value for each input', (t) => {
  for (const values of [undefined, {}, [], INPUTS.map(() => null).slice(1)]) {
    t.throws(() => parseInputValues(INPUTS, values), { instanceOf: InvalidRequestError, message: /each of 8 inputs/ })
  }
})
