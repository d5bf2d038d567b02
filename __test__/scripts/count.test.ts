import test from 'ava'
import { countCargo, countTap, summary, total } from '../../scripts/test/count.mjs'

const CARGO = `
running 3 tests
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
   Doc-tests parley_media
test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s
`

const TAP = `TAP version 13
ok 1 - stream › answers an offer
ok 2 - stream › later # SKIP
not ok 3 - stream › refuses a third tab
  ---
    message: 'not ok 9 - words of a test that look like a point'
  ...
1..2
`

test('the results of every cargo test program are added up', (t) => {
  t.deepEqual(countCargo(CARGO, 101), { passed: 6, failed: 1, skipped: 1 })
})

test('each point of a TAP stream counts once, whatever its diagnostics say', (t) => {
  t.deepEqual(countTap(TAP, 1), { passed: 1, failed: 1, skipped: 1 })
})

test('a suite that crashed without reporting a failure counts as one', (t) => {
  const crashed = 'test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured\nerror: test failed (signal: 11)\n'
  t.deepEqual(countCargo(crashed, 101), { passed: 2, failed: 1, skipped: 0 })
  t.deepEqual(countTap('TAP version 13\nok 1 - a\n', 139), { passed: 1, failed: 1, skipped: 0 })
})

test('a suite that ran no test counts as a failure', (t) => {
  t.deepEqual(countCargo('', 0), { passed: 0, failed: 1, skipped: 0 })
  t.deepEqual(countTap('TAP version 13\n1..0\n', 0), { passed: 0, failed: 1, skipped: 0 })
})

test('the closing line names skipped tests only when there are some', (t) => {
  t.is(
    summary(
      total([
        { passed: 2, failed: 0, skipped: 0 },
        { passed: 3, failed: 1, skipped: 0 },
      ]),
    ),
    '5 passed, 1 failed',
  )
  t.is(summary({ passed: 2, failed: 0, skipped: 4 }), '2 passed, 0 failed, 4 skipped')
})
