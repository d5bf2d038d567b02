import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'

/** Runs a soak program, as `npm run` does. */
function run(t: ExecutionContext, name: string, ...options: string[]): Promise<{ code: number; output: string }> {
  t.timeout(180_000)
  const program = fileURLToPath(new URL('../../scripts/soak.mjs', import.meta.url))
  return new Promise((resolve) => {
    execFile(process.execPath, [program, name, ...options], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
  })
}

// The long form allows 1 KiB a cycle, which shows only when allocators have settled, after a thousand of them. What few
// cycles show is whether sessions, handlers, threads or descriptors are kept, and whether all sessions' memory is.
test.serial('500 sessions that end in every way leave nothing behind', async (t) => {
  const { code, output } = await run(t, 'cycles', '--cycles', '500', '--samples', '5', '--kib', '64')
  t.is(code, 0, output)
})

// Other tests run beside this one, so a delay that grows is told by what it grows by in a second.
test.serial('sessions that go on keep their delay, their queues and their memory', async (t) => {
  const { code, output } = await run(
    t,
    'sessions',
    '--minutes',
    '0.4',
    '--sessions',
    '4',
    '--seconds',
    '3',
    '--delay',
    '250',
  )
  t.is(code, 0, output)
})

// Within seconds allocators still gather what arrays of pixels need, so only what keeps pictures is found: 27 MB a second. And what
// other tests on the same machine do to the audio and to the pictures' rate is no fault of the server's.
test.serial('pictures that go on beside audio keep memory, threads and descriptors', async (t) => {
  const { code, output } = await run(
    t,
    'video',
    ...'--minutes 0.4 --sessions 2 --audio 2 --seconds 3 --growth 100 --gap 3000 --wait 3000'.split(' '),
  )
  t.is(code, 0, output)
})

// How long it takes is judged by the long form, on a machine that does nothing else.
test.serial('a process with live sessions ends in every way, with the code that it asked for', async (t) => {
  const { code, output } = await run(t, 'exits', '--runs', '5', '--sessions', '5', '--ms', '10000')
  t.is(code, 0, output)
})
