/* oxlint-disable require-yield, consistent-function-scoping -- each function is part of its test's story */
import test from 'ava'
import { DuplexHandler } from '../../src/driver/duplex-handler.ts'
import { GeneratorHandler } from '../../src/driver/generator-handler.ts'
import type { AudioFrame, EmitType } from '../../src/index.ts'
import { call, frame, settle, until } from '../helpers/call.ts'

const CHUNK: EmitType = [24_000, new Int16Array(480)]

test('a generator that ended closes the stream after its audio was played', async (t) => {
  function* speech(): Generator<EmitType> {
    yield CHUNK
    yield CHUNK
  }
  const { core, link } = call(new GeneratorHandler(speech, false))
  await until(() => core.state === 'closing')
  t.is(link.depthMs, 40)
  link.play(40)
  t.deepEqual(link.told, [{ type: 'end_stream', data: 'Stream closed' }])
  t.is(core.state, 'closed')
})

test('an endless generator is paced by the output queue, and its finally runs when the client goes', async (t) => {
  let isOver = false
  async function* speech(): AsyncGenerator<EmitType> {
    try {
      for (;;) yield CHUNK
    } finally {
      isOver = true
    }
  }
  const { link } = call(new GeneratorHandler(speech, false))
  await until(() => link.depthMs === 420)
  await settle()
  t.is(link.written.length, 21)
  link.event({ kind: 'closed', code: 'peer' })
  await until(() => isOver)
  t.is(link.written.length, 21)
})

test('a generator with parameters waits for its arguments', async (t) => {
  const seen: unknown[] = []
  function* speech(...args: unknown[]): Generator<EmitType> {
    seen.push(...args)
    yield CHUNK
  }
  const { core, link } = call(new GeneratorHandler(speech, true))
  await settle()
  t.deepEqual(link.told, [{ type: 'send_input', data: [] }])
  core.handler.setArgs(['__webrtc_value__', 'blue', 7])
  await until(() => link.written.length === 1)
  t.deepEqual(seen, ['blue', 7])
})

test('a function that returns nothing to iterate fails its session with a clear message', async (t) => {
  const { core, link } = call(new GeneratorHandler((() => 7) as never, false))
  await until(() => core.state === 'closed')
  t.regex(link.told[0]?.message ?? '', /generator function: it returned 7/)
})

test('what a function yields and can not be is said of the function, which has no emit', async (t) => {
  async function* nonsense(): AsyncGenerator<EmitType> {
    yield 'words' as never
    yield [7, new Int16Array(480)]
    for (;;) yield CHUNK
  }
  for (const handler of [new GeneratorHandler(nonsense, false), new DuplexHandler(nonsense)]) {
    const { core, link } = call(handler)
    await until(() => link.written.length > 0)
    t.regex(link.told[0]?.message ?? '', /^The handler function gave "words"; it must be/)
    t.regex(link.told[1]?.message ?? '', /^The handler function gave audio at 7 Hz/)
    core.close('done')
  }
})

test('a function that returns what it should yield fails its session in words', async (t) => {
  for (const returned of ['words', CHUNK]) {
    const { core, link } = call(new GeneratorHandler((() => returned) as never, false))
    await until(() => core.state === 'closed')
    t.regex(link.told[0]?.message ?? '', /must be a generator function: it returned .*; yield it/)
  }
})

test('an iterator whose next() gives no result fails its session in words, instead of being silent', async (t) => {
  for (const result of [5, Promise.resolve(null)]) {
    const next = { next: () => result }
    for (const handler of [
      new GeneratorHandler((() => ({ [Symbol.iterator]: () => next })) as never, false),
      new DuplexHandler((() => ({ [Symbol.asyncIterator]: () => next })) as never),
    ]) {
      const { core, link } = call(handler)
      await until(() => core.state === 'closed')
      const words = /^next\(\) of what the handler function returned gave (5|null); it must be \{ done, value \}$/
      t.regex(link.told[0]?.message ?? '', words)
    }
  }
})

test('a duplex function hears the frames in order and is heard', async (t) => {
  async function* echo(frames: AsyncIterable<AudioFrame>): AsyncGenerator<EmitType> {
    for await (const audio of frames) yield audio
  }
  const { link } = call(new DuplexHandler(echo))
  link.receive(frame(1), frame(2), frame(3))
  await until(() => link.written.length === 3)
  t.deepEqual(
    link.written.map(({ samples }) => samples[0]),
    [1, 2, 3],
  )
})

test('a duplex function ends when its client does, and its finally runs', async (t) => {
  const events: string[] = []
  async function* listen(frames: AsyncIterable<AudioFrame>): AsyncGenerator<EmitType> {
    try {
      for await (const _ of frames) events.push('frame')
      events.push('end')
    } finally {
      events.push('finally')
    }
  }
  const { link } = call(new DuplexHandler(listen))
  link.receive(frame())
  await until(() => events.length === 1)
  link.event({ kind: 'closed', code: 'peer' })
  await until(() => events.length === 3)
  t.deepEqual(events, ['frame', 'end', 'finally'])
})

test('a duplex function that waits at a yield is ended too', async (t) => {
  let isOver = false
  async function* speak(): AsyncGenerator<EmitType> {
    try {
      for (;;) yield CHUNK
    } finally {
      isOver = true
    }
  }
  const { core, link } = call(new DuplexHandler(speak))
  await until(() => link.depthMs === 420)
  core.close('done')
  await until(() => isOver)
  t.pass()
})

test('a duplex function that has left its loop may begin another, and misses no frame', async (t) => {
  const seen: number[] = []
  async function* twice(frames: AsyncIterable<AudioFrame>): AsyncGenerator<EmitType> {
    for await (const [, samples] of frames) {
      seen.push(samples[0] ?? 0)
      break
    }
    for await (const [, samples] of frames) seen.push(samples[0] ?? 0)
  }
  const { core, link } = call(new DuplexHandler(twice))
  link.receive(frame(1), frame(2), frame(3))
  await until(() => seen.length === 3)
  t.deepEqual(seen, [1, 2, 3])
  core.close('done')
})

test('frames that a duplex function does not take stay unread', async (t) => {
  async function* deaf(): AsyncGenerator<EmitType> {
    await new Promise(() => undefined)
  }
  const { core, link } = call(new DuplexHandler(deaf))
  link.receive(frame(1), frame(2), frame(3))
  await settle()
  t.is(link.waiting, 2)
  core.close('done')
})

test('a duplex function gets its session', async (t) => {
  let seen: unknown
  async function* look(_: AsyncIterable<AudioFrame>, session: unknown): AsyncGenerator<EmitType> {
    seen = session
  }
  const handler = new DuplexHandler(look)
  const { core } = (handler.bind('the session'), call(handler))
  await until(() => core.state !== 'connected')
  t.is(seen, 'the session')
})

const never = (): Promise<never> => new Promise(() => undefined)
const STUCK = {
  'a duplex function': () =>
    new DuplexHandler(async function* (frames: AsyncIterable<AudioFrame>) {
      for await (const _ of frames) yield await never()
    }),
  'a generator function': () =>
    new GeneratorHandler(async function* () {
      yield await never()
    }, false),
}
for (const [what, make] of Object.entries(STUCK)) {
  test(`${what} that awaits something of its own for ever does not hold up the end`, async (t) => {
    const handler = make()
    const shutDown = handler.shutdown.bind(handler)
    let isOver = false
    handler.shutdown = () => shutDown().then(() => void (isOver = true))
    const { core, link, log } = call(handler)
    link.receive(frame())
    await settle()
    core.close('done')
    await core.settled()
    t.true(isOver, 'the shutdown itself came to an end; it was not given up')
    t.deepEqual(log.lines, [])
  })
}

test('the finally of a duplex function that waits for a frame may take its time', async (t) => {
  let isSaved = false
  async function* listen(frames: AsyncIterable<AudioFrame>): AsyncGenerator<EmitType> {
    try {
      for await (const _ of frames) yield CHUNK
    } finally {
      await new Promise((resolve) => void setTimeout(resolve, 700))
      isSaved = true
    }
  }
  const { core } = call(new DuplexHandler(listen))
  await settle()
  core.close('done')
  await core.settled()
  t.true(isSaved)
})
