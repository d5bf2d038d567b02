import test from 'ava'
import { Stream, WorkerHandler, WorkerLoadError } from '../../src/index.ts'
import { offerBody } from '../helpers/offer.ts'
import { quietStream } from '../helpers/quiet-stream.ts'
import { WorkerPool } from '../../src/workers/worker-pool.ts'
import { Log } from '../helpers/call.ts'
import { moduleUrl, workerHandler } from '../helpers/worker-handler.ts'

const url = moduleUrl('obedient')

for (const [what, make, message] of [
  ['a path', () => new WorkerHandler('./echo.js'), /import\.meta\.url.*not "\.\/echo\.js"/],
  ['an address', () => new WorkerHandler('https://example.com/a.js'), /file: URL/],
  ['nothing', () => new WorkerHandler(undefined as never), /not undefined/],
  ['no threads', () => new WorkerHandler(url, { threads: 0 }), /threads.*1 to 256, not 0/],
  ['threads in words', () => new WorkerHandler(url, { threads: 'two' as never }), /threads.*"two"/],
  ['arguments that are no array', () => new WorkerHandler(url, { args: 'a' as never }), /args.*"a"/],
  [
    'a function in arguments',
    () => new WorkerHandler(url, { args: [{ f: () => 1 }] }),
    /args\[0\]\.f \(the function f\)/,
  ],
  ['an unknown option', () => new WorkerHandler(url, { arg: [] } as never), /no option arg/],
] as const) {
  test(`${what} is refused by name`, (t) => {
    t.throws(make, { message })
  })
}

test('a handler on threads is one for audio unless the stream says otherwise', (t) => {
  t.is(new Stream({ handler: new WorkerHandler(url) }).options.modality, 'audio')
  t.is(new Stream({ handler: new WorkerHandler(url), modality: 'audio-video' }).options.modality, 'audio-video')
})

for (const [name, modality, message] of [
  ['talking-head', 'video', /one of audio and video.*; or give the stream the option modality: 'audio-video'/],
  ['obedient', 'audio-video', /one of audio, and.*; or give the stream the option modality: 'audio'/],
  ['beeps', 'video', /a generator function doesn't serve/],
] as const) {
  test(`${name} doesn't serve the modality '${modality}', which is said when it is loaded`, async (t) => {
    await using stream = new Stream({ handler: new WorkerHandler(moduleUrl(name)), modality })
    await t.throwsAsync(stream.ready(), { code: 'ERR_PARLEY_WORKER_LOAD', message })
  })
}

for (const [name, message] of [
  ['missing', /missing\.ts.*relative to the file/s],
  ['no-default', /no-default\.ts has no default export/],
  ['number', /number\.ts must be a handler class or a function, not 7/],
  ['no-handler', /NoHandler.*must extend StreamHandler/],
  ['throws', /Throws.*throws\.ts could not be constructed: no model file/],
  ['exits', /exit code 5 while it loaded.*exits\.ts/],
  ['beeps', /beeps\.ts can't be used: .*async generator/],
] as const) {
  test(`a module that can't be used is known before the first call, and refuses it: ${name}`, async (t) => {
    const { stream, log } = quietStream(t, { handler: workerHandler(name), modality: 'audio' })
    await t.throwsAsync(stream.ready(), { instanceOf: WorkerLoadError, message })
    t.like(await stream.offer(offerBody('a')), { meta: { error: 'server_error' } })
    t.regex(log.lines.join('\n'), message)
    t.is(stream.sessions.size, 0)
  })
}

test('launch tells of a module that does not load', async (t) => {
  const stream = new Stream({ handler: workerHandler('number') })
  await t.throwsAsync(stream.launch({ port: 0, quiet: true }), { instanceOf: WorkerLoadError })
})

test('arguments for a function are refused', async (t) => {
  const { stream } = quietStream(t, { handler: workerHandler('duplex', { args: [1] }) })
  await t.throwsAsync(stream.ready(), { instanceOf: WorkerLoadError, message: /args is for a class/ })
})

test('a copy that wants other audio than the handler it was made of is refused', async (t) => {
  const { stream, log } = quietStream(t, { handler: workerHandler('fickle') })
  t.like(await stream.offer(offerBody('a')), { meta: { error: 'server_error' } })
  t.regex(log.lines.join('\n'), /inputSampleRate is 16000.*48000/)
  t.is(stream.sessions.size, 0)
})

test('an offer that is none is refused for what it is', async (t) => {
  const { stream } = quietStream(t, { handler: workerHandler('obedient') })
  const body = { ...offerBody('a'), sdp: 'v=0\r\nhello' }
  t.like(await stream.offer(body), { meta: { error: 'no_audio' } })
  t.like(await stream.offer(offerBody('b')), { type: 'answer' })
})

test('each session has a thread of its own while there are enough', async (t) => {
  const handler = workerHandler('obedient', { threads: 2 })
  const { stream } = quietStream(t, { handler, concurrencyLimit: 4 })
  for (const id of ['a', 'b', 'c', 'd']) t.like(await stream.offer(offerBody(id)), { type: 'answer' })
  const threads = ['a', 'b', 'c', 'd'].map((id) => stream.sessions.get(id)?.handler.loop.threadId)
  t.is(new Set(threads).size, 2)
  t.is(threads.filter((id) => id === threads[0]).length, 2)
})

test('arguments are those that were given, whatever becomes of them later', async (t) => {
  const bytes = new ArrayBuffer(8)
  const args: unknown[] = [bytes]
  const { stream } = quietStream(t, { handler: workerHandler('obedient', { args }), concurrencyLimit: 2 })
  args.push(() => 1)
  structuredClone(bytes, { transfer: [bytes] })
  await stream.ready()
  t.like(await stream.offer(offerBody('a')), { type: 'answer' })
})

test('a session that has a thread is served, though no other thread can be started', async (t) => {
  const log = new Log()
  const handler = workerHandler('obedient', { threads: 2, args: [new ArrayBuffer(8)] })
  const purpose = { modality: 'audio', mode: 'send-receive', hasInputs: false, fps: 30 } as const
  const pool = new WorkerPool(handler, purpose, log)
  await pool.prepare()
  const [bytes] = handler.args as [ArrayBuffer]
  structuredClone(bytes, { transfer: [bytes] })
  t.is(pool.make().loop.threadId, pool.make().loop.threadId)
  t.regex(log.lines[0] ?? '', /^warn Another worker thread could not be started: DataCloneError/)
  await pool.close()
})

test('a stream that was closed is not made ready, and starts no thread', async (t) => {
  const { stream } = quietStream(t, { handler: workerHandler('obedient') })
  await stream.close()
  await t.throwsAsync(stream.ready(), { code: 'ERR_PARLEY_NEGOTIATION', message: /stream was closed.*make another/ })
})

test('a stream that is closed while its module is being loaded says so, to whoever waits', async (t) => {
  const { stream, log } = quietStream(t, { handler: workerHandler('endless') })
  const [ready, offer] = [stream.ready(), stream.offer(offerBody('a'))]
  ready.catch(() => undefined)
  await stream.close()
  await t.throwsAsync(ready, {
    instanceOf: WorkerLoadError,
    message: /^The stream was closed while the module .*endless\.ts/,
  })
  t.like(await offer, { meta: { error: 'connection_closed' } })
  t.deepEqual(log.lines, [])
})
