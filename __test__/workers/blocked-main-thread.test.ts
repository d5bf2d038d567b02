import test, { type ExecutionContext } from 'ava'
import { type Caller, Callers, type Report } from '../../soak/callers.ts'
import type { MediaOptions, Session } from '../../src/index.ts'
import { until } from '../helpers/call.ts'
import { serveWorker, workerHandler } from '../helpers/worker-handler.ts'

// The caller, the media threads and the handler's thread go on while this thread does nothing else.
const callers = Callers.start()
test.after.always(() => callers.kill())

/** In so many seconds this thread is blocked for a tenth of each, after it was for half a second. */
const SECONDS = 4

interface Talk {
  readonly caller: Caller
  readonly session: Session
}

/** Holds this thread up, as a slow computation does. */
function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** Waits until so many packets more were sent. */
async function sends(session: Session, packets: number): Promise<void> {
  const { packetsOut } = session.stats()
  await until(() => session.stats().packetsOut >= packetsOut + packets)
}

/** Calls a handler on a thread, which warms up: waits for a second of which all was heard. */
async function talk(t: ExecutionContext, handler: string, media: MediaOptions = {}): Promise<Talk> {
  const { stream } = await serveWorker(t, workerHandler(handler), { media: { bindAddress: '127.0.0.1', ...media } })
  const caller = await callers.call(stream, 'tone')
  const session = [...stream.sessions.values()][0] as Session
  for (;;) {
    await caller.report()
    await sends(session, 50)
    const { tone, jumps } = await caller.report()
    if (tone === 1 && jumps === 0) return { caller, session }
  }
}

/** Blocks this thread; what the caller heard meanwhile, in one report: jumps between two would be in neither. */
async function heardWhileBlocked(t: ExecutionContext, { caller, session }: Talk): Promise<Report> {
  await caller.report()
  block(500)
  for (let second = 0; second < SECONDS; second++) {
    await sends(session, 45)
    block(100)
  }
  await sends(session, 25)
  const report = await caller.report()
  t.log(report)
  return report
}

function assertWhole(t: ExecutionContext, { session }: Talk, { packets, missing, tone }: Report): void {
  const { inputDropped, outputDropped, lost, late } = session.stats()
  t.deepEqual({ inputDropped, outputDropped, lost, late }, { inputDropped: 0, outputDropped: 0, lost: 0, late: 0 })
  t.true(packets >= 45 * SECONDS, `${packets} packets`)
  t.is(missing, 0)
  t.true(tone >= 0.97, `${tone} of it is the tone`)
}

test.serial('a handler on a thread speaks on without a hole while the main thread is blocked', async (t) => {
  // So little is kept in advance that half a second without the handler would be heard.
  const made = await talk(t, 'speaks', { queueMs: { output: 100 } })
  const report = await heardWhileBlocked(t, made)
  assertWhole(t, made, report)
  t.is(report.jumps, 0, 'its output never ran dry')
})

test.serial('what a caller says is echoed from a thread, all of it, while the main thread is blocked', async (t) => {
  const made = await talk(t, 'obedient')
  const report = await heardWhileBlocked(t, made)
  assertWhole(t, made, report)
  // An echo that is late by milliseconds again and again is given a frame of delay, which is a jump.
  t.true(report.jumps <= 1, `its output ran dry ${report.jumps} times`)
})
