import test from 'ava'
import {
  AdditionalOutputs,
  AsyncAudioVideoStreamHandler,
  AudioVideoStreamHandler,
  CloseStream,
  type EmitType,
  type VideoEmitType,
  type VideoFrame,
} from '../../src/index.ts'
import { call, frame, HandTime, settle, until } from '../helpers/call.ts'
import { picture, seen } from '../helpers/pictures.ts'

/** Emits what it is told to, and counts the calls. */
class Scripted extends AudioVideoStreamHandler {
  readonly seen: VideoFrame[] = []
  readonly emittedAt: number[] = []
  heard = 0
  script: () => VideoEmitType = () => null
  override receive(): void {
    this.heard++
  }
  override emit(): EmitType {
    return null
  }
  override videoReceive(video: VideoFrame): void {
    this.seen.push(video)
  }
  override videoEmit(): VideoEmitType {
    return this.script()
  }
  override copy(): Scripted {
    return new Scripted()
  }
}

/** The same, asynchronous. */
class AsyncScripted extends AsyncAudioVideoStreamHandler {
  readonly seen: VideoFrame[] = []
  running = 0
  most = 0
  script: () => VideoEmitType | Promise<VideoEmitType> = () => null
  override async receive(): Promise<void> {}
  override async emit(): Promise<EmitType> {
    return null
  }
  override async videoReceive(video: VideoFrame): Promise<void> {
    this.most = Math.max(this.most, ++this.running)
    this.seen.push(video)
    await settle()
    this.running--
  }
  override async videoEmit(): Promise<VideoEmitType> {
    return this.script()
  }
  override copy(): AsyncScripted {
    return new AsyncScripted()
  }
}

test('a synchronous handler gets bytes, an asynchronous one floats', async (t) => {
  const handlers = [new Scripted(), new AsyncScripted()] as const
  for (const handler of handlers) call(handler).link.see(seen(3))
  await settle()
  const [bytes, floats] = handlers.map((handler) => handler.seen[0])
  t.deepEqual(bytes, { width: 4, height: 2, format: 'bgr24', data: new Uint8Array(24).fill(3), timestamp: 0.1 })
  t.deepEqual(floats?.data, new Float32Array(24).fill(3))
})

test('audio and video of a handler run beside one another', async (t) => {
  const handler = new Scripted()
  handler.script = () => picture(1)
  const { link } = call(handler)
  link.receive(frame(), frame())
  link.see(seen(1))
  await until(() => link.shown.length === 1 && handler.seen.length === 1)
  t.is(handler.heard, 2)
})

test('videoReceive of an asynchronous handler is awaited, one picture at a time', async (t) => {
  const handler = new AsyncScripted()
  const { link } = call(handler)
  link.see(seen(1), seen(2), seen(3))
  await until(() => handler.seen.length === 3)
  t.is(handler.most, 1)
  t.deepEqual(
    handler.seen.map(({ data }) => data[0]),
    [1, 2, 3],
  )
})

for (const [kind, make] of [
  ['synchronous', () => new Scripted()],
  ['asynchronous', () => new AsyncScripted()],
] as const) {
  test(`videoEmit of a ${kind} handler that always has a picture is called at its frame rate`, async (t) => {
    const time = new HandTime()
    const handler = make()
    const at: number[] = []
    handler.script = () => {
      at.push(time.now)
      return picture(1)
    }
    call(handler, { clock: time.clock })
    await time.pass(10_000)
    // 300 in ten seconds; the second may come half an interval early.
    t.true(Math.abs(at.length - 301) <= 1, `${at.length} calls`)
    const steps = at.slice(2).map((each, i) => each - (at[i + 1] as number))
    t.true(steps.every((step) => Math.abs(step - 1000 / 30) < 0.1))
  })

  test(`videoEmit of a ${kind} handler that has nothing is called at most as often`, async (t) => {
    const time = new HandTime()
    const handler = make()
    let calls = 0
    handler.script = () => void calls++
    call(handler, { clock: time.clock })
    await time.pass(1000)
    t.true(calls >= 29 && calls <= 31, `${calls} calls`)
  })

  test(`an encoder that is behind holds up videoEmit of a ${kind} handler`, async (t) => {
    const time = new HandTime()
    const handler = make()
    let calls = 0
    handler.script = () => picture(++calls)
    const { link } = call(handler, { clock: time.clock })
    link.videoRoom = 2
    await time.pass(1000)
    t.deepEqual([link.videoRoom, calls], [0, link.shown.length + 1])
    link.makeVideoRoom(1000)
    await time.pass(1000)
    t.deepEqual(
      link.shown.slice(0, 4).map(({ value }) => value),
      [1, 2, 3, 4],
    )
    t.true(calls >= 32 && calls <= 35, `${calls} calls`)
  })
}

test('a handler that shows what it saw does so at once', async (t) => {
  const time = new HandTime()
  const handler = new Scripted()
  handler.script = () => handler.seen.shift()
  const { link } = call(handler, { clock: time.clock })
  await time.pass(17)
  link.see(seen(1))
  t.deepEqual([link.shown.length, time.now], [1, 17])
  await time.pass(25)
  link.see(seen(2))
  t.deepEqual([link.shown.length, time.now], [2, 42])
})

test('outputs in a row are told at once, but do not keep the event loop from its turn', async (t) => {
  const time = new HandTime()
  const handler = new Scripted()
  let calls = 0
  handler.script = () => new AdditionalOutputs(++calls)
  call(handler, { clock: time.clock })
  await time.pass(1000)
  t.true(calls > 64 && calls < 3000, `${calls} calls`)
})

test('CloseStream of videoEmit ends the session after its audio', async (t) => {
  const handler = new Scripted()
  const chunks: EmitType[] = [[24_000, new Int16Array(480)]]
  handler.emit = () => chunks.shift()
  handler.script = () => new CloseStream('The end')
  const { core, link } = call(handler)
  await settle()
  t.is(core.state, 'closing')
  link.play(20)
  t.deepEqual(link.told, [{ type: 'end_stream', data: 'The end' }])
  t.is(core.state, 'closed')
})

for (const method of ['videoReceive', 'videoEmit'] as const) {
  test(`what ${method} throws ends the session with the message, and shuts the handler down once`, async (t) => {
    const handler = new Scripted()
    let shutdowns = 0
    handler.shutdown = () => void shutdowns++
    handler[method] = () => {
      throw new Error('broken lens')
    }
    const { core, link } = call(handler)
    link.see(seen(1))
    await until(() => core.state === 'closed')
    t.is(link.told[0]?.message, 'broken lens')
    t.is(shutdowns, 1)
  })
}

test('a rejected videoReceive ends the session too', async (t) => {
  const handler = new AsyncScripted()
  handler.videoReceive = () => Promise.reject(new Error('broken lens'))
  const { core, link } = call(handler)
  link.see(seen(1))
  await until(() => core.state === 'closed')
  t.is(link.told[0]?.message, 'broken lens')
})

test('nothing of a handler is called once its session has ended', async (t) => {
  const time = new HandTime()
  const handler = new Scripted()
  let calls = 0
  handler.script = () => {
    calls++
    return picture(1)
  }
  const { core, link } = call(handler, { clock: time.clock })
  await time.pass(100)
  const before = calls
  core.close('over')
  link.see(seen(1))
  await time.pass(1000)
  t.is(calls, before)
  t.is(handler.seen.length, 0)
  t.is(time.clock.next, Infinity)
})
