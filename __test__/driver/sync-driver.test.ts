import test from 'ava'
import { CloseStream, type AudioFrame, type EmitType, StreamHandler } from '../../src/index.ts'
import { call, frame, settle, until } from '../helpers/call.ts'

/** Emits what it is told to, and counts the calls. */
class Scripted extends StreamHandler {
  readonly received: AudioFrame[] = []
  emits = 0
  shutdowns = 0
  started = 0
  script: (call: number) => EmitType = () => null
  override startUp(): void {
    this.started++
  }
  override receive(audio: AudioFrame): void {
    this.received.push(audio)
  }
  override emit(): EmitType {
    return this.script(this.emits++)
  }
  override copy(): Scripted {
    return new Scripted()
  }
  override shutdown(): void {
    this.shutdowns++
  }
}

/** 20 ms at 24 kHz. */
const CHUNK: EmitType = [24_000, new Int16Array(480)]

test('a handler is started up once, when the client has connected', (t) => {
  const handler = new Scripted()
  const { link } = call(handler, { connected: false })
  t.is(handler.started, 0)
  link.event({ kind: 'connected' })
  link.event({ kind: 'disconnected' })
  link.event({ kind: 'connected' })
  t.is(handler.started, 1)
})

test('a received frame is emitted and written before the next one is read', (t) => {
  const handler = new Scripted()
  const { link } = call(handler)
  handler.script = () => handler.received.pop() ?? null
  link.receive(frame(1), frame(2), frame(3))
  t.deepEqual(
    link.written.map(({ samples }) => samples[0]),
    [1, 2, 3],
  )
  t.is(link.written[0]?.sampleRate, 48_000)
})

test('each frame has an array of its own', (t) => {
  const handler = new Scripted()
  call(handler).link.receive(frame(1), frame(2))
  t.not(handler.received[0]?.[1], handler.received[1]?.[1])
  t.deepEqual(handler.received[0], [48_000, frame(1)])
})

test('a short frame, as odd rates have them, is not padded', (t) => {
  const handler = new (class extends Scripted {
    constructor() {
      super({ inputSampleRate: 11_025 })
    }
  })()
  call(handler).link.receive(frame(1, 221), frame(1, 220))
  t.deepEqual(
    handler.received.map(([, samples]) => samples.length),
    [221, 220],
  )
})

test('emit is not called while more than the target is queued, and again when there is room', (t) => {
  const handler = new Scripted()
  handler.script = () => CHUNK
  const { link } = call(handler)
  t.is(link.depthMs, 420)
  link.receive(frame())
  t.is(handler.emits, 21)
  link.play(100)
  t.is(link.depthMs, 420)
  t.is(handler.emits, 26)
})

test('a handler that emits nothing is called again at once when audio arrives', (t) => {
  const handler = new Scripted()
  const { link } = call(handler)
  const before = handler.emits
  link.receive(frame())
  t.is(handler.emits, before + 1)
})

test('a handler that emits nothing is called at most every 20 ms', async (t) => {
  const handler = new Scripted()
  const { core } = call(handler)
  const [begin, before] = [performance.now(), handler.emits]
  await until(() => handler.emits >= before + 5)
  t.true(performance.now() - begin >= 4 * 18, `${performance.now() - begin} ms for 5 calls`)
  core.close('done')
})

test('a handler is called no more once its session has ended', async (t) => {
  const handler = new Scripted()
  const { core, link } = call(handler)
  core.close('done')
  const { emits } = handler
  link.receive(frame())
  await new Promise((resolve) => void setTimeout(resolve, 60))
  t.is(handler.emits, emits)
  t.is(handler.received.length, 0)
})

test('a slow handler lets other work run between its frames', async (t) => {
  const handler = new Scripted()
  const { link } = call(handler)
  link.receive(...Array.from({ length: 100 }, () => frame()))
  t.true(handler.received.length < 100)
  await until(() => handler.received.length === 100)
  t.is(link.waiting, 0)
})

for (const method of ['startUp', 'receive', 'emit'] as const) {
  test(`what ${method} throws reaches client, listeners and log, and ends the session with one shutdown`, async (t) => {
    const handler = new Scripted()
    const cause = new Error('out of tea')
    handler[method] = () => {
      throw cause
    }
    const { core, link, log, ...made } = call(handler, { connected: false })
    const errors: Error[] = []
    core.session.on('error', (error) => errors.push(error))
    link.event({ kind: 'connected' })
    link.receive(frame())
    await settle()
    t.deepEqual(link.told[0], { type: 'error', message: 'out of tea', data: 'out of tea' })
    t.is(errors.length, 1)
    t.is(errors[0]?.name, 'WebRTCError')
    t.is(errors[0]?.cause, cause)
    t.true(log.lines.some((line) => line.startsWith('error') && line.includes('out of tea')))
    t.is(core.state, 'closed')
    t.is(handler.shutdowns, 1)
    t.is(made.reason, undefined)
  })
}

test('an asynchronous method of a synchronous handler fails its session, not the process', async (t) => {
  const handler = new Scripted()
  const { core, link } = call(handler)
  // What plain JavaScript can do, although the types forbid it.
  handler.receive = () => Promise.reject(new Error('late')) as unknown as void
  link.receive(frame())
  await settle()
  t.is(link.told[0]?.message, 'late')
  t.is(core.state, 'closed')
})

test('an emit that returns a promise is told to extend AsyncStreamHandler, and the session goes on', (t) => {
  const handler = new Scripted()
  handler.script = () => Promise.resolve(null) as unknown as null
  const { core, link } = call(handler)
  t.regex(link.told[0]?.message ?? '', /Promise.*AsyncStreamHandler/)
  t.is(core.state, 'connected')
  core.close('done')
})

test('CloseStream plays what was emitted, tells the client, then closes', (t) => {
  const handler = new Scripted()
  handler.script = (n) => (n < 3 ? CHUNK : new CloseStream('Goodbye'))
  const made = call(handler)
  const { core, link } = made
  t.is(link.depthMs, 60)
  t.is(core.state, 'closing')
  t.deepEqual(link.told, [])
  link.play(40)
  t.deepEqual(link.told, [])
  link.play(20)
  t.deepEqual(link.told, [{ type: 'end_stream', data: 'Goodbye' }])
  t.deepEqual(link.closes, [true])
  t.is(made.reason, 'close_stream')
  t.is(handler.emits, 4)
  t.is(handler.shutdowns, 1)
})
