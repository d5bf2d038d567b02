import test from 'ava'
import { WorkerHandler } from '../../src/index.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { PoolThread } from '../../src/workers/pool-thread.ts'
import { RemoteHandler } from '../../src/workers/remote-handler.ts'
import { WorkerPool } from '../../src/workers/worker-pool.ts'
import { Log, until } from '../helpers/call.ts'
import { offerBody } from '../helpers/offer.ts'
import { quietStream } from '../helpers/quiet-stream.ts'
import { attach, threadSetup } from '../helpers/thread.ts'
import { moduleUrl, workerHandler } from '../helpers/worker-handler.ts'
import { ENTERED, OPEN } from './handlers/gate.ts'

// Threads keep no process alive, but a test that waits for one does.
const alive = setInterval(() => undefined, 1000)
test.after.always(() => clearInterval(alive))

/** Holds up the event loop of each handler that gets an input, until it is opened. */
class Gate {
  readonly cells = new Int32Array(new SharedArrayBuffer(8))

  /** Waits until a handler holds up its thread. */
  entered(): Promise<void> {
    return until(() => Atomics.load(this.cells, ENTERED) > 0)
  }

  open(): void {
    Atomics.store(this.cells, OPEN, 1)
    Atomics.notify(this.cells, OPEN)
  }
}

/** Time that passes by hand. */
class Time {
  #now = 0
  readonly clock: VirtualClock = new VirtualClock(() => this.#now)

  pass(ms: number): void {
    this.#now += ms
    this.clock.runDue()
  }
}

const INPUT = ['__webrtc_value__']
const PURPOSE = { modality: 'audio', mode: 'send-receive', hasInputs: false, fps: 30 } as const

/** A pool whose time passes by hand; waits until each of its threads is loaded. */
async function makePool(threads: number) {
  const [gate, time, log] = [new Gate(), new Time(), new Log()]
  const handler = new WorkerHandler(moduleUrl('gate'), { threads, args: [gate.cells] })
  const pool = new WorkerPool(handler, PURPOSE, log, time.clock)
  await pool.prepare()
  return { pool, gate, time, log }
}

test.serial('a new session goes to a thread that is not held up, though more sessions are there', async (t) => {
  const { pool, gate, time } = await makePool(2)
  const [held, free, another] = [pool.make(), pool.make(), pool.make()]
  t.not(held.loop.threadId, free.loop.threadId)
  t.is(another.loop.threadId, held.loop.threadId)
  const [one, two] = [await attach(held), await attach(free)]
  another.shutdown()
  time.pass(1)
  held.setArgs(INPUT)
  await gate.entered()
  // The free thread answers each time that it is asked.
  for (let n = 0; n < 3; n++) {
    time.pass(500)
    await until(() => !isHeldUp(free))
  }
  const later = [pool.make(), pool.make(), pool.make()]
  for (const { loop } of later) t.is(loop.threadId, free.loop.threadId)
  gate.open()
  await until(() => !isHeldUp(held))
  t.is(pool.make().loop.threadId, held.loop.threadId, 'which has one session, and the other four')
  for (const { link } of [one, two]) link.close(false)
  await pool.close()
})

test.serial(
  'a thread that is held up for ever is ended five seconds after its last session has, and replaced',
  async (t) => {
    const { pool, gate, time, log } = await makePool(1)
    const [first, second] = [pool.make(), pool.make()]
    const [one, two] = [await attach(first), await attach(second)]
    first.setArgs(INPUT)
    await gate.entered()
    const ends = [one.runner.end('done')]
    time.pass(5_000)
    t.true(isHeldUp(second))
    t.is(pool.make().loop.threadId, first.loop.threadId, 'the second session is there still')
    ends.push(two.runner.end('done'))
    t.regex(log.lines.join('\n'), /gate\.ts has held up its worker thread .* for 5 s/)
    time.pass(4_999)
    t.is(pool.make().loop.threadId, first.loop.threadId)
    time.pass(1)
    await Promise.all(ends)
    await until(() => pool.make().loop.threadId !== first.loop.threadId)
    t.deepEqual([one.failures, two.failures], [[], []], 'they had ended before')
    for (const { link } of [one, two]) link.close(false)
    await pool.close()
  },
)

test.serial('a thread that is held up for some seconds is told of once, and goes on', async (t) => {
  const [gate, time, log] = [new Gate(), new Time(), new Log()]
  const thread = new PoolThread(threadSetup('gate', [gate.cells]), log, () => undefined, time.clock)
  const handler = new RemoteHandler(thread, await thread.loaded)
  const { link, runner } = await attach(handler)
  handler.setArgs(INPUT)
  await gate.entered()
  for (let n = 0; n < 40; n++) time.pass(500)
  t.is(log.lines.length, 1, log.lines.join('\n'))
  gate.open()
  await until(() => !thread.isStuck)
  await runner.end('done')
  time.pass(60_000)
  t.false(thread.isStuck, 'without a session nothing is asked')
  t.is(log.lines.length, 1)
  link.close(false)
  await thread.terminate()
})

test.serial('an offer waits for the only thread while it is held up, and is answered then', async (t) => {
  const gate = new Gate()
  const { stream } = quietStream(t, {
    handler: workerHandler('gate', { threads: 1, args: [gate.cells] }),
    concurrencyLimit: 2,
  })
  await stream.offer(offerBody('a'))
  stream.setInput('a')
  await gate.entered()
  const answer = stream.offer(offerBody('b'))
  gate.open()
  t.like(await answer, { type: 'answer' })
  t.is(stream.sessions.size, 2)
})

test.serial(
  'an offer to a thread that is held up for ever is refused at the time-out, and its place is free',
  async (t) => {
    const gate = new Gate()
    const { stream } = quietStream(t, {
      handler: workerHandler('gate', { threads: 1, args: [gate.cells] }),
      concurrencyLimit: 2,
      connectTimeout: 2,
    })
    await stream.ready()
    await stream.offer(offerBody('a'))
    stream.setInput('a')
    await gate.entered()
    const refused = await stream.offer(offerBody('b'))
    t.like(refused, { status: 'failed', meta: { error: 'connection_closed' } })
    t.regex(JSON.stringify(refused), /holds up all worker threads/)
    t.false(stream.sessions.has('b'))
    gate.open()
  },
)

test.serial('a session on a thread that is held up can be closed, and its place is free at once', async (t) => {
  const gate = new Gate()
  const handler = workerHandler('gate', { threads: 2, args: [gate.cells] })
  const { stream } = quietStream(t, { handler, concurrencyLimit: 1 })
  await stream.offer(offerBody('a'))
  stream.setInput('a')
  await gate.entered()
  stream.sessions.get('a')?.close('enough')
  t.is(stream.sessions.size, 0)
  t.like(await stream.offer(offerBody('b')), { type: 'answer' }, 'on the other thread')
  gate.open()
})

test.serial('a pool is closed though its threads are held up for ever', async (t) => {
  const { pool, gate } = await makePool(1)
  const handler = pool.make()
  const { link, failures } = await attach(handler)
  handler.setArgs(INPUT)
  await gate.entered()
  await pool.close()
  t.is(failures.length, 1)
  link.close(false)
})

test.serial('an offer waits no longer than its time-out for a module that is never done loading', async (t) => {
  const { stream, log } = quietStream(t, { handler: workerHandler('endless'), connectTimeout: 0.3 })
  t.like(await stream.offer(offerBody('a')), { meta: { error: 'server_error' } })
  t.regex(log.lines.join('\n'), /still being loaded 0\.3 seconds after/)
  t.is(stream.sessions.size, 0)
})

/** Whether the thread of a handler has left a question unanswered for half a second. */
function isHeldUp(handler: RemoteHandler): boolean {
  return handler.thread.isStuck
}
