import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'

/** Runs a soak program, as `npm run` does. */
function run(t: ExecutionContext, name: string, ...options: string[]): Promise<{ code: number; output: string }> {
  // Twice what the longest takes on a machine of two cores.
  t.timeout(900_000)
  const program = fileURLToPath(new URL('../../scripts/soak.mjs', import.meta.url))
  return new Promise((resolve) => {
    execFile(process.execPath, [program, name, ...options], (error, stdout, stderr) => {
      // What went wrong first: it is told at the end, and a report of a failed test is cut off there.
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stderr + stdout })
    })
  })
}

/** The endings of those that make a thread, or show pictures. */
const COSTLY = 'thread|film|pictures'

// The long form allows 1 KiB a cycle, which shows only when allocators have settled, after a thousand of them. What few
// cycles show is whether sessions, handlers, threads or descriptors are kept, and whether all sessions' memory is.
test.serial('500 sessions that end in every way leave nothing behind', async (t) => {
  const options = ['--cycles', '500', '--samples', '5', '--kib', '96', '--not', COSTLY]
  const { code, output } = await run(t, 'cycles', ...options)
  t.is(code, 0, output)
})

// Within a hundred cycles the engine and its allocators still gather what threads and pictures need. What one of them takes and
// doesn't give back is more: an isolate has 5 MB, the codecs of a call 17 MB.
test.serial(
  '100 sessions on threads and with pictures leave neither threads, nor codecs, nor descriptors',
  async (t) => {
    const options = ['--cycles', '100', '--samples', '5', '--kib', '512', '--only', COSTLY]
    const { code, output } = await run(t, 'cycles', ...options)
    t.is(code, 0, output)
  },
)

// The machine may be slow, and hold up the echo's event loop: so delay may grow by some frames, a twentieth of what callers hear may
// be made up, and a hole may be as long as such a machine stands still. In a run so short, memory may grow in a step.
test.serial('sessions that go on keep their delay, their queues, their memory and their audio', async (t) => {
  const { code, output } = await run(
    t,
    'sessions',
    ...'--minutes 5 --sessions 50 --delay 100 --gap 300 --tone 0.95 --jumps 10'.split(' '),
  )
  t.is(code, 0, output)
})

// Within seconds allocators still gather what arrays of pixels need, so only what keeps pictures is found: 27 MB a second. And what
// a slow machine does to the pictures' rate is no fault of the server's. But its audio doesn't wait for its pictures: nothing is lost,
// what is played never runs dry, and nine tenths of what anybody hears came in time.
test.serial('pictures that go on leave audio alone, and keep memory, threads and descriptors', async (t) => {
  const { code, output } = await run(
    t,
    'video',
    ...'--minutes 0.4 --sessions 2 --audio 2 --seconds 3 --growth 100 --gap 500 --tone 0.9 --jumps 200 --wait 3000'.split(
      ' ',
    ),
  )
  t.is(code, 0, output)
})

// How long it takes is judged by the long form, on a machine that does nothing else.
test.serial('a process with live sessions ends in every way, with the code that it asked for', async (t) => {
  const { code, output } = await run(t, 'exits', '--runs', '16', '--sessions', '20', '--ms', '5000')
  t.is(code, 0, output)
})
