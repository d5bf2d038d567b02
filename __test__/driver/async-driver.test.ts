import test from 'ava'
import {
  AsyncQueue,
  AsyncStreamHandler,
  type AudioFrame,
  type EmitType,
  getCurrentContext,
  warning,
  WebRTCError,
} from '../../src/index.ts'
import { call, frame, settle, until } from '../helpers/call.ts'

/** Does what it is told to, and counts the calls. */
class Scripted extends AsyncStreamHandler {
  readonly received: AudioFrame[] = []
  emits = 0
  shutdowns = 0
  onStartUp: () => Promise<void> = () => Promise.resolve()
  onReceive: (frame: AudioFrame) => Promise<void> = () => Promise.resolve()
  script: (call: number) => Promise<EmitType> = () => new Promise(() => undefined)
  override startUp(): Promise<void> {
    return this.onStartUp()
  }
  override receive(audio: AudioFrame): Promise<void> {
    this.received.push(audio)
    return this.onReceive(audio)
  }
  override emit(): Promise<EmitType> {
    return this.script(this.emits++)
  }
  override copy(): Scripted {
    return new Scripted()
  }
  override async shutdown(): Promise<void> {
    this.shutdowns++
  }
}

/** 20 ms at 24 kHz. */
const CHUNK: EmitType = [24_000, new Int16Array(480)]

test('emit may await what receive provides', async (t) => {
  const [handler, queue] = [new Scripted(), new AsyncQueue<AudioFrame>()]
  handler.onReceive = async (audio) => void queue.put(audio)
  handler.script = () => queue.get()
  const { link } = call(handler)
  link.receive(frame(1), frame(2))
  link.receive(frame(3))
  await settle()
  t.deepEqual(
    link.written.map(({ samples }) => samples[0]),
    [1, 2, 3],
  )
})

test('calls of receive never overlap, and frames wait unread meanwhile', async (t) => {
  const handler = new Scripted()
  const turns: (() => void)[] = []
  handler.onReceive = () => new Promise((resolve) => void turns.push(resolve))
  const { link } = call(handler)
  link.receive(frame(1), frame(2))
  link.receive(frame(3))
  await settle()
  t.is(handler.received.length, 1)
  t.is(link.waiting, 2)
  turns.shift()?.()
  await settle()
  t.deepEqual(
    handler.received.map(([, samples]) => samples[0]),
    [1, 2],
  )
})

test('receive and emit do not wait for a start-up that goes on', async (t) => {
  const handler = new Scripted()
  handler.onStartUp = () => new Promise(() => undefined)
  const { link } = call(handler)
  link.receive(frame())
  await settle()
  t.is(handler.received.length, 1)
  t.is(handler.emits, 1)
})

test('one that emits faster than real time is paced, not dropped', async (t) => {
  const handler = new Scripted()
  handler.script = () => Promise.resolve(CHUNK)
  const { core, link } = call(handler)
  await until(() => link.depthMs === 420)
  await settle()
  t.is(handler.emits, 21)
  link.play(60)
  await until(() => handler.emits > 21)
  await settle()
  t.is(link.depthMs, 420)
  t.is(link.written.length, 24)
  core.close('done')
})

test('one whose audio is dropped as fast as it comes does not spin, and time goes on', async (t) => {
  const handler = new Scripted()
  handler.script = () => {
    handler.clearQueue()
    return Promise.resolve(CHUNK)
  }
  const { core, link } = call(handler)
  const begin = performance.now()
  await until(() => performance.now() - begin >= 100)
  await settle()
  // Four times a full queue of 20 ms chunks in 20 ms, and what a late tick adds.
  const periods = Math.ceil((performance.now() - begin) / 20) + 1
  t.true(handler.emits <= 92 * periods, `${handler.emits} calls in ${periods} periods`)
  link.receive(frame())
  const { emits } = handler
  await until(() => handler.emits > emits)
  core.close('done')
})

test('one whose queue is empty at once fills it again without waiting for a timer', async (t) => {
  const handler = new Scripted()
  handler.script = () => Promise.resolve(CHUNK)
  const { core, link } = call(handler)
  await until(() => link.depthMs === 420)
  link.play(420)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve))
  t.is(link.depthMs, 420)
  core.close('done')
})

test('one that returns null at once does not spin: it is called again after 20 ms', async (t) => {
  const handler = new Scripted()
  handler.script = () => Promise.resolve(null)
  const { core } = call(handler)
  const begin = performance.now()
  await until(() => handler.emits >= 5)
  t.true(performance.now() - begin >= 4 * 18, `${performance.now() - begin} ms for 5 calls`)
  core.close('done')
})

test('one that returned null at once is called again when audio arrives', async (t) => {
  const handler = new Scripted()
  handler.script = () => Promise.resolve(null)
  const { core, link } = call(handler)
  await settle()
  const { emits } = handler
  link.receive(frame())
  t.is(handler.emits, emits + 1)
  core.close('done')
})

test('one that took its time to return null is called again as soon as it settled', async (t) => {
  const handler = new Scripted()
  const turns: ((value: null) => void)[] = []
  handler.script = () => new Promise((resolve) => void turns.push(resolve))
  const { core } = call(handler)
  await new Promise((resolve) => void setTimeout(resolve, 25))
  turns[0]?.(null)
  await Promise.resolve()
  t.is(handler.emits, 2)
  core.close('done')
})

test('a handler that is always ready leaves turns to everything else', async (t) => {
  const handler = new Scripted()
  const { core, link } = call(handler, { outputTargetMs: 1e9 })
  handler.script = () => Promise.resolve(CHUNK)
  link.receive(...Array.from({ length: 200 }, () => frame()))
  await new Promise((resolve) => void setTimeout(resolve, 1))
  t.pass('a timer came through')
  core.close('done')
})

test('methods that never settle do not keep the session from ending, with one shutdown', async (t) => {
  const handler = new Scripted()
  handler.onReceive = () => new Promise(() => undefined)
  const made = call(handler)
  made.link.receive(frame())
  made.link.event({ kind: 'closed', code: 'peer' })
  made.link.event({ kind: 'closed', code: 'peer' })
  made.core.close('again')
  await settle()
  t.is(made.reason, 'peer')
  t.is(handler.shutdowns, 1)
})

const FAILURES = {
  startUp: (handler: Scripted, fail: () => Promise<never>) => (handler.onStartUp = fail),
  receive: (handler: Scripted, fail: () => Promise<never>) => (handler.onReceive = fail),
  emit: (handler: Scripted, fail: () => Promise<never>) => (handler.script = fail),
}
for (const [method, set] of Object.entries(FAILURES)) {
  test(`a rejection of ${method} reaches the client and the log, and ends the session with one shutdown`, async (t) => {
    const handler = new Scripted()
    set(handler, () => Promise.reject(new Error('out of tea')))
    const made = call(handler)
    made.link.receive(frame())
    await settle()
    t.deepEqual(made.link.told, [{ type: 'error', message: 'out of tea', data: 'out of tea' }])
    t.is(made.reason, 'error')
    t.is(handler.shutdowns, 1)
    t.is(made.log.lines.length, 1)
  })
}

test('a WebRTCError ends the session with its own message', async (t) => {
  const handler = new Scripted()
  const error = new WebRTCError('Your hour is over')
  handler.script = () => Promise.reject(error)
  const { core, link } = call(handler)
  const errors: Error[] = []
  core.session.on('error', (each) => errors.push(each))
  await settle()
  t.deepEqual(errors, [error])
  t.is(link.told[0]?.message, 'Your hour is over')
  t.is(core.state, 'closed')
})

test('what shutdown throws is logged, and that is all', async (t) => {
  const handler = new Scripted()
  handler.shutdown = () => Promise.reject(new Error('stuck'))
  const made = call(handler)
  made.core.close('done')
  await settle()
  t.is(made.reason, 'done')
  t.true(made.log.lines.some((line) => line.includes('stuck')))
})

test('getCurrentContext and warning work in every method, after an await too', async (t) => {
  const handler = new Scripted()
  const seen: string[] = []
  const look = async (): Promise<void> => {
    seen.push(getCurrentContext().webrtcId)
    await new Promise(setImmediate)
    warning(getCurrentContext().webrtcId)
  }
  handler.onStartUp = look
  handler.onReceive = look
  handler.script = async (n) => {
    if (n === 0) await look()
    return new Promise(() => undefined)
  }
  handler.shutdown = look
  const { core, link } = call(handler)
  link.receive(frame(), frame())
  await until(() => link.messages.length === 4)
  core.close('done')
  t.deepEqual(seen, ['id', 'id', 'id', 'id', 'id'])
  t.deepEqual(link.told[0], { type: 'warning', message: 'id', data: 'id' })
})
