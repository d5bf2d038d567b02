import { mock } from 'node:test'
import test from 'ava'
import { AdditionalOutputs, ConfigurationError, TimeoutError, WorkerLoadError } from '../../src/index.ts'
import { readJson } from '../../src/server/read-json.ts'
import { SessionOutputs } from '../../src/session/session-outputs.ts'
import { OutputBoard } from '../../src/stream/output-board.ts'
import { SessionRegistry } from '../../src/stream/session-registry.ts'
import { call } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'
import { quietStream } from '../helpers/quiet-stream.ts'
import { workerHandler } from '../helpers/worker-handler.ts'

class NeverShutsDown extends Echo {
  override shutdown(): Promise<void> {
    return new Promise(() => undefined)
  }
}

test.beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
test.afterEach.always(() => mock.timers.reset())

/** Lets what was promised by now be followed up; no timer passes. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

test.serial('whoever waits for outputs longer than 10 s gets those of a session that begins later', async (t) => {
  const [board, outputs] = [new OutputBoard(), new SessionOutputs()]
  const latest = board.latest('id', 30)
  await settle()
  mock.timers.tick(25_000)
  board.open('id', outputs)
  await settle()
  mock.timers.tick(4_000)
  const made = new AdditionalOutputs('late')
  outputs.put(made)
  t.is(await latest, made)
})

test.serial('and no longer than was said', async (t) => {
  const board = new OutputBoard()
  board.open('id', new SessionOutputs())
  const latest = board.latest('id', 30)
  await settle()
  let isOver = false
  latest.catch(() => (isOver = true))
  mock.timers.tick(29_999)
  await settle()
  t.false(isOver)
  mock.timers.tick(1)
  await t.throwsAsync(latest, { instanceOf: TimeoutError, message: /within 30 seconds/ })
})

test.serial('a stream of outputs waits ten seconds for its session, and then says that none began', async (t) => {
  const board = new OutputBoard()
  const next = board.stream('id', undefined)[Symbol.asyncIterator]().next()
  let isOver = false
  next.catch(() => (isOver = true))
  await settle()
  mock.timers.tick(9_999)
  await settle()
  t.false(isOver)
  mock.timers.tick(1)
  await t.throwsAsync(next, { instanceOf: TimeoutError, message: /'id' began within 10 seconds/ })
})

test.serial('a body that takes most of a long requestTimeout is read', async (t) => {
  let send: ((text: string) => void) | undefined
  const body = new ReadableStream({
    start: (controller) => {
      send = (text) => {
        controller.enqueue(new TextEncoder().encode(text))
        controller.close()
      }
    },
  })
  const request = new Request('http://localhost/', { method: 'POST', body, duplex: 'half' } as RequestInit)
  const value = readJson(request, 60_000)
  await settle()
  mock.timers.tick(59_999)
  send?.('{"a":1}')
  t.deepEqual(await value, { a: 1 })
})

for (const [what, patienceMs, handler, said] of [
  ['an engine that never lets go of a session', 2000, new Echo(), []],
  [
    'a handler that never shuts down',
    5000,
    new NeverShutsDown(),
    ['warn session id: shutdown() of its handler has not settled within 5 seconds'],
  ],
] as const) {
  test.serial(`${what} is waited for ${patienceMs} ms, and no longer`, async (t) => {
    const registry = new SessionRegistry(1)
    const { core, link, log } = call(handler)
    link.close = () => undefined
    registry.add(core, undefined, undefined)
    core.close('done')
    let isSettled = false
    const settled = registry.whenSettled().then(() => (isSettled = true))
    await settle()
    mock.timers.tick(patienceMs - 1)
    await settle()
    t.false(isSettled)
    mock.timers.tick(1)
    t.true(await settled)
    t.deepEqual(log.lines, said)
  })
}

test.serial('a configuration that never comes is waited for as long as a connection, and no longer', async (t) => {
  const rtcConfiguration = (): Promise<never> => new Promise(() => undefined)
  const { stream } = quietStream(t, { rtcConfiguration, connectTimeout: 7 })
  let isSettled = false
  const configuration = stream.clientConfiguration().finally(() => (isSettled = true))
  configuration.catch(() => undefined)
  await settle()
  mock.timers.tick(6_999)
  await settle()
  t.false(isSettled)
  mock.timers.tick(1)
  await t.throwsAsync(configuration, {
    instanceOf: ConfigurationError,
    message: 'The function rtcConfiguration failed: it has not returned within 7 seconds (connectTimeout)',
  })
})

test.serial('a module of a handler that is still being loaded after that time is told of', async (t) => {
  const { stream, log } = quietStream(t, { handler: workerHandler('waits-for-ever'), connectTimeout: 7 })
  const ready = stream.ready()
  ready.catch(() => undefined)
  await settle()
  mock.timers.tick(7_000)
  t.deepEqual(log.lines, ['warn The module of the WorkerHandler is still being loaded after 7 seconds'])
  await stream.close()
  await t.throwsAsync(ready, { instanceOf: WorkerLoadError })
})
