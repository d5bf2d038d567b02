import test from 'ava'
import { NativeError, ParleyError } from '../../src/index.ts'
import { mapError } from '../../src/native/map-error.ts'

for (const code of ['SESSION_CLOSED', 'CHANNEL_CLOSED', 'CHANNEL_FULL', 'MESSAGE_TOO_LARGE'].map(
  (c) => `ERR_PARLEY_${c}`,
)) {
  test(`${code} of the addon becomes the class with that code`, (t) => {
    const error = mapError(Object.assign(new Error('x'), { code }))
    t.true(error instanceof ParleyError && error.code === code)
  })
}

test('a wrong argument is a RangeError with the message of the addon', (t) => {
  const error = mapError(Object.assign(new Error('rate 7'), { code: 'ERR_PARLEY_INVALID_ARGUMENT' }))
  t.true(error instanceof RangeError)
  t.is(error.message, 'rate 7')
})

test('any other error is a NativeError with its cause', (t) => {
  const cause = new Error('odd')
  const error = mapError(cause)
  t.true(error instanceof NativeError)
  t.is(error.cause, cause)
})
