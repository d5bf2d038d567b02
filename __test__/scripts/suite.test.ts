import test from 'ava'
import { countTap } from '../../scripts/test/count.mjs'
import { runSuite } from '../../scripts/test/suite.mjs'

function suiteOf(code: string): { program: string; args: string[]; count: typeof countTap } {
  return { program: process.execPath, args: ['--eval', code], count: countTap }
}

test('what a suite prints is shown and counted', async (t) => {
  const shown: string[] = []
  const suite = suiteOf(`
    console.log('ok 1 - a')
    setTimeout(() => console.log('ok 2 - b'), 20)
  `)
  t.deepEqual(await runSuite(suite, (text: string) => shown.push(text)), { passed: 2, failed: 0, skipped: 0 })
  t.is(shown.join(''), 'ok 1 - a\nok 2 - b\n')
})

test('a suite that is killed has failed, however much of it passed', async (t) => {
  const suite = suiteOf(`console.log('ok 1 - a'); process.kill(process.pid, 'SIGKILL')`)
  t.is((await runSuite(suite, () => true)).failed, 1)
})

test('tests that may have failed by accident have failed when they fail twice', async (t) => {
  const shown: string[] = []
  const suite = suiteOf(`console.log('ok 1 - a'); console.log('not ok 2 - b'); process.exitCode = 1`)
  const again = (code: string) => (output: string) => (output.includes('not ok 2') ? ['--eval', code] : undefined)
  const run = (code: string): Promise<unknown> =>
    runSuite({ ...suite, again: again(code) }, (text: string) => shown.push(text))
  t.deepEqual(await run(`console.log('ok 1 - b')`), { passed: 2, failed: 0, skipped: 0 })
  t.true(shown.join('').includes('1 failed, and once more'))
  t.deepEqual(await run(`console.log('not ok 1 - b')`), { passed: 1, failed: 1, skipped: 0 })
  t.deepEqual(await run('0'), { passed: 1, failed: 1, skipped: 0 })
})
