/* oxlint-disable require-yield, consistent-function-scoping -- each function is part of its test's story */
import test from 'ava'
import { AudioVideoGeneratorHandler } from '../../src/driver/audio-video-generator-handler.ts'
import { VideoGeneratorHandler } from '../../src/driver/video-generator-handler.ts'
import { AdditionalOutputs, type AudioFrame, CloseStream, type EmitType, type VideoEmitType } from '../../src/index.ts'
import { type Call, call, HandTime, settle, until } from '../helpers/call.ts'
import { picture } from '../helpers/pictures.ts'

/** So many seconds of audio. */
function audio(seconds: number): EmitType {
  return [24_000, new Int16Array(24_000 * seconds)]
}

test('a generator of pictures is paced at its frame rate, and its end closes the stream', async (t) => {
  const time = new HandTime()
  function* film(): Generator<VideoEmitType> {
    for (let i = 0; i < 50; i++) yield picture(i)
  }
  const { core, link } = call(new VideoGeneratorHandler(film, false, 25), { clock: time.clock })
  await time.pass(1000)
  t.true(Math.abs(link.shown.length - 26) <= 1, `${link.shown.length} in a second`)
  await time.pass(1000)
  t.is(link.shown.length, 50)
  t.deepEqual(link.told, [{ type: 'end_stream', data: 'Stream closed' }])
  t.is(core.state, 'closed')
})

test('an asynchronous generator of pictures gets the inputs, and its finally runs when the client goes', async (t) => {
  let isOver = false
  async function* film(value: number): AsyncGenerator<VideoEmitType> {
    try {
      for (;;) yield picture(value)
    } finally {
      isOver = true
    }
  }
  const { core, link } = call(new VideoGeneratorHandler(film, true, 30))
  await settle()
  t.is(link.shown.length, 0)
  core.setArgs(['__webrtc_value__', 77])
  await until(() => link.shown.length === 1)
  t.is(link.shown[0]?.value, 77)
  link.event({ kind: 'closed', code: 'peer' })
  await until(() => isOver)
  t.pass()
})

test('what a generator of pictures throws ends its session', async (t) => {
  function* film(): Generator<VideoEmitType> {
    throw new Error('the film tore')
  }
  const { core, link } = call(new VideoGeneratorHandler(film, false, 30))
  await until(() => core.state === 'closed')
  t.is(link.told[0]?.message, 'the film tore')
})

test('audio and pictures of a generator each go at their own pace', async (t) => {
  const time = new HandTime()
  function* film(): Generator<EmitType | VideoEmitType> {
    for (let second = 0; second < 3; second++) {
      yield audio(1)
      for (let i = 0; i < 30; i++) yield picture(second * 30 + i)
    }
  }
  const { core, link } = call(new AudioVideoGeneratorHandler(film, false, 30), { clock: time.clock })
  let dry = 0
  for (let at = 0; at < 2900; at += 20) {
    // oxlint-disable-next-line no-await-in-loop -- time passes in steps of a frame
    await time.pass(20)
    if (link.depthMs === 0) dry++
    link.play(20)
  }
  t.is(dry, 0)
  t.true(link.shown.length >= 86 && link.shown.length <= 89, `${link.shown.length} pictures in 2.9 s`)
  t.is(core.state, 'connected')
  await time.pass(400)
  link.play(1000)
  await time.pass(100)
  t.is(link.shown.length, 90)
  t.is(core.state, 'closed')
})

test('pictures before the first sound, and sounds after the last picture, are all there', async (t) => {
  const time = new HandTime()
  function* film(): Generator<EmitType | VideoEmitType> {
    for (let i = 0; i < 20; i++) yield picture(i)
    yield [picture(20), new AdditionalOutputs('half')]
    for (let i = 0; i < 100; i++) yield audio(0.02)
    yield new CloseStream('Fin')
  }
  const { core, link } = call(new AudioVideoGeneratorHandler(film, false, 30), { clock: time.clock })
  const outputs: unknown[] = []
  core.session.on('outputs', ({ args }) => outputs.push(...args))
  for (let at = 0; at < 4000; at += 20) {
    // oxlint-disable-next-line no-await-in-loop -- time passes in steps of a frame
    await time.pass(20)
    link.play(20)
  }
  t.deepEqual([link.shown.length, link.written.length, outputs], [21, 100, ['half']])
  t.deepEqual(link.told.at(-1), { type: 'end_stream', data: 'Fin' })
})

test('a generator that is silent or dark for long is not read ahead without bound', async (t) => {
  const time = new HandTime()
  let yielded = 0
  function* film(): Generator<EmitType | VideoEmitType> {
    for (;;) {
      yielded++
      yield audio(1)
    }
  }
  call(new AudioVideoGeneratorHandler(film, false, 30), { clock: time.clock })
  await time.pass(5000)
  t.true(yielded <= 18, `${yielded} seconds of audio`)
})

/** Calls a generator of audio and pictures, and plays what it gives, for so long. */
async function watch(film: () => Generator<EmitType | VideoEmitType>, ms: number): Promise<Call> {
  const time = new HandTime()
  const made = call(new AudioVideoGeneratorHandler(film, false, 30), { clock: time.clock })
  for (let at = 0; at < ms; at += 20) {
    // oxlint-disable-next-line no-await-in-loop -- time passes in steps of a frame
    await time.pass(20)
    made.link.play(20)
  }
  return made
}

test('the end beside a picture comes after all sound that was given before', async (t) => {
  function* film(): Generator<EmitType | VideoEmitType> {
    for (let i = 0; i < 10; i++) yield audio(1)
    yield [picture(1), new CloseStream('Fin')]
    t.fail('nothing is asked for after the end')
  }
  const { link, reason } = await watch(film, 11_000)
  t.deepEqual([link.written.length, link.shown.length, reason], [10, 1, 'close_stream'])
  t.deepEqual(link.told, [{ type: 'end_stream', data: 'Fin' }])
})

test('the end beside a sound comes after all pictures that were given before', async (t) => {
  function* film(): Generator<EmitType | VideoEmitType> {
    for (let i = 0; i < 6; i++) yield picture(i)
    yield [audio(1) as AudioFrame, new CloseStream('Fin')]
    t.fail('nothing is asked for after the end')
  }
  const { link, reason } = await watch(film, 2000)
  t.deepEqual([link.shown.length, link.written.length, reason], [6, 1, 'close_stream'])
})

test('the end beside what is no audio is complained of, and the generator goes on', async (t) => {
  function* film(): Generator<EmitType | VideoEmitType> {
    yield picture(1)
    yield [[7, new Int16Array(1)], new CloseStream('Fin')]
    for (let i = 0; i < 3; i++) yield [picture(i), new AdditionalOutputs(i)]
    yield [audio(1) as AudioFrame, new CloseStream('The end')]
  }
  const { link } = await watch(film, 2000)
  t.deepEqual([link.shown.length, link.written.length], [4, 1])
  t.regex(link.told[0]?.message ?? '', /7 Hz/)
  t.deepEqual(link.told.at(-1), { type: 'end_stream', data: 'The end' })
})

for (const [what, film] of [
  [
    'throws',
    function* () {
      throw new Error('the film tore')
    },
  ],
  ['gives no result', () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) })],
  ['returns nothing', () => undefined],
  ['yields a promise that is rejected', () => [Promise.reject(new Error('the film tore'))]],
] as const) {
  test(`what a generator of audio and pictures does wrong is told of once: it ${what}`, async (t) => {
    const { core, link, log } = call(new AudioVideoGeneratorHandler(film as never, false, 30))
    const errors: Error[] = []
    core.session.on('error', (error) => errors.push(error))
    await until(() => core.state === 'closed')
    await settle()
    t.deepEqual(
      [errors, link.told, log.lines].map((each) => each.length),
      [1, 1, 1],
      link.messages.join('\n'),
    )
  })
}
