import { threadId } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { type Caller, Callers } from '../../soak/callers.ts'
import { OtherThreadError, type Session, type Stream, WorkerExitError } from '../../src/index.ts'
import type { AiortcReport } from '../helpers/aiortc.ts'
import { dial, serveWorker, workerHandler } from '../helpers/worker-handler.ts'

const callers = Callers.start()
test.after.always(() => callers.kill())

/** All that came was sent again, and heard, but for what was under way at the end: less than a second, however busy it is. */
function assertEcho(t: ExecutionContext, session: Session, heard: AiortcReport): void {
  const { packetsIn, packetsOut, inputDropped } = session.stats()
  t.is(heard.hertz, 1000)
  t.is(inputDropped, 0)
  t.true(packetsIn > 100)
  t.true(packetsOut > packetsIn - 50, `${packetsOut} packets out, ${packetsIn} in`)
  t.true(heard.frames > packetsOut - 50, `${heard.frames} frames of ${packetsOut}`)
}

/** Makes a call that hears its echo already; what it hears from here on is reported. */
async function bystander({ stream }: { stream: Stream }): Promise<Caller> {
  const caller = await callers.call(stream, 'tone')
  while ((await caller.report()).tone < 1) await new Promise((resolve) => void setTimeout(resolve, 100))
  return caller
}

/** Whatever happened on another thread, its echo went on in time: a thread that waits for another one makes a hole. */
async function assertUndisturbed(t: ExecutionContext, caller: Caller): Promise<void> {
  const { tone, longestGapMs, missing } = await caller.report()
  t.is(missing, 0)
  t.true(tone > 0.9, `${tone} of it came in time`)
  t.true(longestGapMs <= 250, `a hole of ${longestGapMs} ms`)
  t.deepEqual(caller.told, [])
}

test.serial('a handler echoes from a thread of its own, and says which one', async (t) => {
  const served = await serveWorker(t, workerHandler('obedient', { args: [{ text: 'hi' }] }))
  const { session, report } = await dial(served, { seconds: 4 })
  const { loop, latestArgs, inputSampleRate } = session.handler
  served.stream.setInput(session.id, 'who')
  const [answer] = (await served.stream.fetchLatestOutput(session.id)).args
  t.not(loop.threadId, threadId)
  t.deepEqual(answer, {
    loop: loop.threadId,
    called: loop.threadId,
    webrtcId: session.id,
    greeting: { text: 'hi' },
  })
  t.is(inputSampleRate, 16_000)
  t.is(latestArgs, 'not_set')
  await t.throwsAsync(
    loop.call(() => 1),
    { instanceOf: OtherThreadError, message: /setInput/ },
  )
  assertEcho(t, session, await report)
})

test.serial('outputs, messages and warnings cross, and what cannot be copied is named', async (t) => {
  const served = await serveWorker(t, workerHandler('obedient'))
  const { session, report } = await dial(served, { seconds: 3 })
  const { stream } = served
  const value = { text: 'blue', bytes: new Uint8Array([1, 2]) }
  stream.setInput(session.id, 'output', value)
  t.deepEqual((await stream.fetchLatestOutput(session.id)).args, [value])
  stream.setInput(session.id, 'output a function')
  const errors = await new Promise<Error>((resolve) => session.once('error', resolve))
  t.regex(errors.message, /args\[1\]\.inner \(the function inner\)/)
  t.throws(() => stream.setInput(session.id, 'output', () => 1), { instanceOf: TypeError, message: /args\[2\]/ })
  stream.setInput(session.id, 'send', 'ready')
  const { messages } = await report
  const types = messages.map(({ type }) => type)
  t.deepEqual(types, ['fetch_output', 'error', 'log', 'warning'])
})

for (const [order, reason, last] of [
  ['close', 'close_stream', { type: 'end_stream', data: 'Goodbye' }],
  ['throw', 'error', { type: 'error', message: 'Your hour is over' }],
] as const) {
  test.serial(`a handler's '${order}' ends its call with ${reason}`, async (t) => {
    const served = await serveWorker(t, workerHandler('obedient'))
    const { session, report, closed } = await dial(served, { seconds: 2 })
    served.stream.setInput(session.id, order)
    t.is(await closed, reason)
    t.like((await report).messages.at(-1), last)
    t.is(served.stream.sessions.size, 0)
  })
}

for (const [order, code] of [
  ['crash', 1],
  ['exit', 3],
] as const) {
  test.serial(`a thread that ends by '${order}' ends its own sessions, and is replaced`, async (t) => {
    const served = await serveWorker(t, workerHandler('obedient', { threads: 2 }))
    const other = await bystander(served)
    const victim = await dial(served, { seconds: 2 })
    const ids = [...served.stream.sessions.values()].map(({ handler }) => handler.loop.threadId)
    t.is(new Set(ids).size, 2)
    const failed = new Promise<Error>((resolve) => victim.session.once('error', resolve))
    served.stream.setInput(victim.session.id, order)
    const error = await failed
    t.true(error instanceof WorkerExitError)
    t.regex(error.message, new RegExp(`exit code ${code}`))
    t.is((error.cause as Error | undefined)?.message, order === 'crash' ? 'a bug of mine' : undefined)
    t.is(await victim.closed, 'error')
    t.like((await victim.report).messages.at(-1), { type: 'error', message: error.message })
    t.regex(served.log.lines.join('\n'), /exit code/)
    const next = await dial(served, { seconds: 1 })
    t.false(ids.includes(next.session.handler.loop.threadId))
    t.is((await next.report).hertz, 1000)
    await assertUndisturbed(t, other)
    other.close()
  })
}

test.serial('a thread in an endless loop holds up neither the main thread nor other sessions', async (t) => {
  const served = await serveWorker(t, workerHandler('obedient', { threads: 2 }))
  const other = await bystander(served)
  const victim = await dial(served, { seconds: 2 })
  served.stream.setInput(victim.session.id, 'loop')
  t.is((await victim.report).refused, undefined)
  t.is(await victim.closed, 'peer')
  await assertUndisturbed(t, other)
  await served.stream.close()
})

test.serial('a duplex function sees its session, and may end it', async (t) => {
  const served = await serveWorker(t, workerHandler('duplex'))
  const { session, report, closed } = await dial(served, { seconds: 2, texts: ['Grüße', 'enough'] })
  t.deepEqual((await served.stream.fetchLatestOutput(session.id)).args, ['Grüße', session.id, 'connected', 'webrtc'])
  t.is(await closed, 'the handler had enough')
  await report
})

test.serial("a generator function of mode 'receive' plays to its end", async (t) => {
  const served = await serveWorker(t, workerHandler('beeps'), { mode: 'receive' } as never)
  const { report, closed } = await dial(served, { seconds: 3, send: false })
  t.is(await closed, 'close_stream')
  const heard = await report
  t.is(heard.hertz, 440)
  t.true(heard.frames >= 44 && heard.frames <= 53, `${heard.frames} frames for a second`)
})

test.serial('the limits of a stream hold for sessions on threads', async (t) => {
  const served = await serveWorker(t, workerHandler('obedient'), { concurrencyLimit: 1, timeLimit: 1.5 })
  const first = await dial(served, { seconds: 3 })
  const answer = await served.stream.offer({ type: 'offer', sdp: 'v=0', webrtc_id: 'second' })
  t.like(answer, { status: 'failed', meta: { error: 'concurrency_limit_reached', limit: 1 } })
  t.is(await first.closed, 'time_limit')
  t.like((await first.report).messages.at(-1), { type: 'end_stream' })
})
