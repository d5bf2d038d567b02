/* oxlint-disable consistent-function-scoping -- each function is part of its test's story */
import test from 'ava'
import {
  AdditionalOutputs,
  AudioVideoStreamHandler,
  CloseStream,
  type EmitType,
  ExpectationError,
  type VideoEmitType,
  type VideoFrame,
  VideoStreamHandler,
} from '../../src/index.ts'
import { type Colour, picture, testCall, tone } from '../../src/testing/index.ts'
import { workerHandler } from '../helpers/worker-handler.ts'

const RED: Colour = [220, 30, 30]
const BLUE: Colour = [30, 30, 220]

/** The channels the other way round: red for blue. */
function swap(frame: VideoFrame<Uint8Array>): VideoEmitType {
  const data = new Uint8Array(frame.data.length)
  for (let i = 0; i < data.length; i += 3) {
    data[i] = frame.data[i + 2] as number
    data[i + 1] = frame.data[i + 1] as number
    data[i + 2] = frame.data[i] as number
  }
  return { ...frame, data }
}

/** Says what it hears, and shows what it sees. */
class Mirror extends AudioVideoStreamHandler {
  readonly #heard: EmitType[] = []
  readonly #seen: VideoEmitType[] = []
  override receive(frame: EmitType & {}): void {
    this.#heard.push(frame)
  }
  override emit(): EmitType {
    return this.#heard.shift()
  }
  override videoReceive(frame: VideoFrame): void {
    this.#seen.push(frame)
  }
  override videoEmit(): VideoEmitType {
    return this.#seen.shift()
  }
  override copy(): Mirror {
    return new Mirror()
  }
}

test('a function sees what the caller shows, and the caller what it returns', async (t) => {
  const call = await testCall(swap, { modality: 'video', seed: 1 })
  await call.show(picture(RED), { seconds: 2 })
  call.expectSeen({ pictures: 50, width: 64, height: 48, colour: BLUE, maxFreezeMs: 80 })
  await call.show(picture(BLUE), { seconds: 0.5 })
  call.expectSeen({ colour: RED })
  const { video } = call.session.stats()
  t.true((video?.framesIn ?? 0) >= 60, JSON.stringify(video))
  t.deepEqual([video?.widthIn, video?.heightIn, video?.skipped], [64, 48, 0])
  t.is(await call.end(), 'peer')
})

test('a handler of audio and video hears and sees', async (t) => {
  const call = await testCall(new Mirror(), { seed: 2 })
  call.say(tone(440, { seconds: 2 }))
  await call.show(picture(RED), { seconds: 2 })
  call.expectHeard({ seconds: 1.5, toneHz: 440 })
  call.expectSeen({ pictures: 45, colour: RED })
  t.deepEqual(call.errors, [])
  await call.end()
})

test('another size in the middle of a call is another size at the other end', async (t) => {
  const sizes: string[] = []
  const call = await testCall(
    (frame: VideoFrame<Uint8Array>) => {
      sizes.push(`${frame.width}x${frame.height}`)
      return frame
    },
    { modality: 'video', seed: 3 },
  )
  await call.show(picture(RED), { seconds: 1 })
  await call.show(picture(BLUE, { width: 96, height: 128 }), { seconds: 1 })
  call.expectSeen({ width: 96, height: 128, colour: BLUE })
  t.deepEqual([...new Set(sizes)], ['64x48', '96x128'])
  await call.end()
})

test('a lossy network freezes the picture for a moment, and smears none', async (t) => {
  const call = await testCall(swap, { modality: 'video', seed: 4, loss: 0.1, latencyMs: 20 })
  await call.show(picture(RED), { seconds: 5 })
  call.expectSeen({ pictures: 100, colour: BLUE })
  const wrong = call.seen.filter(({ data }) => Math.abs((data[2] as number) - BLUE[2]) > 30)
  t.is(wrong.length, 0)
  await call.end()
})

test('a generator of pictures is seen at its frame rate, until it ends', async (t) => {
  function* film(): Generator<VideoEmitType> {
    for (let i = 0; i < 30; i++) yield picture(RED)
    yield [picture(BLUE), new AdditionalOutputs('the last')]
    yield new CloseStream('Fin')
  }
  const call = await testCall(film, { modality: 'video', mode: 'receive', seed: 5 })
  await call.waitForMessage({ type: 'end_stream', data: 'Fin' })
  call.expectSeen({ pictures: 28, colour: BLUE })
  t.deepEqual(
    call.outputs.map(({ args }) => args),
    [['the last']],
  )
  await call.end()
})

test('audio and pictures of one generator arrive together', async (t) => {
  function* film(): Generator<EmitType | VideoEmitType> {
    for (let i = 0; i < 60; i++) {
      yield i < 30 ? picture(RED) : picture(BLUE)
      yield [
        24_000,
        new Int16Array(800).map((_, n) => (i < 30 ? 0 : 8000 * Math.sin((2 * Math.PI * 500 * n) / 24_000))),
      ]
    }
  }
  const call = await testCall(film, { modality: 'audio-video', mode: 'receive', seed: 6 })
  await call.waitForMessage({ type: 'end_stream' })
  const turnsBlue = call.seen.find(({ data }) => (data[2] as number) > 120)?.atMs ?? Infinity
  const turnsLoud = call.heard.sounds()[0]?.fromMs ?? -Infinity
  t.true(Math.abs(turnsBlue - turnsLoud) < 120, `blue at ${turnsBlue} ms, loud at ${turnsLoud} ms`)
  await call.end()
})

test('the inputs of a page are waited for', async (t) => {
  const call = await testCall(
    (frame: VideoFrame<Uint8Array>, isSwapped: boolean) => (isSwapped ? swap(frame) : frame),
    {
      modality: 'video',
      seed: 7,
    },
  )
  await call.show(picture(RED), { seconds: 0.5 })
  t.is(call.seen.length, 0)
  call.setInput(true)
  await call.show(picture(RED), { seconds: 0.5 })
  call.expectSeen({ colour: BLUE })
  await call.end()
})

test('a caller who only sends sees nothing', async (t) => {
  let calls = 0
  const call = await testCall(() => void calls++, { modality: 'video', mode: 'send', seed: 8 })
  await call.show(picture(RED), { seconds: 1 })
  t.true(calls >= 25, `${calls}`)
  t.is(call.seen.length, 0)
  t.throws(() => call.expectSeen(), { instanceOf: ExpectationError, message: /^Expected \{\}; saw nothing/ })
  await call.end()
})

test('slow functions skip pictures that are counted, or queue them', async (t) => {
  const slow = (frame: VideoFrame<Uint8Array>): Promise<VideoEmitType> =>
    new Promise((resolve) => void setTimeout(() => resolve(frame), 150))
  const newest = new VideoStreamHandler(slow, { skipFrames: true })
  const call = await testCall(newest, { clock: 'real', seed: 9 })
  await call.show(picture(RED), { seconds: 2 })
  const { video } = call.session.stats()
  t.true((video?.skipped ?? 0) > 20, JSON.stringify(video))
  await call.end()
})

test('what cannot be shown is refused in words', async (t) => {
  const call = await testCall(swap, { modality: 'video', seed: 10 })
  await t.throwsAsync(call.show(picture(RED, { width: 63 })), { message: /63 x 48; width and height must be even/ })
  t.throws(() => picture([256, 0, 0]), { message: /A colour is \[red, green, blue\], each 0 to 255/ })
  t.throws(() => call.say(tone(440)), { message: /can't speak: the stream's modality is 'video'/ })
  await call.end()
})

test('pictures are shown when they are due, whatever else lets time pass', async (t) => {
  const call = await testCall(new Mirror(), { seed: 14 })
  const before = call.nowMs
  await Promise.all([call.play(tone(440, { seconds: 2 })), call.show(picture(RED), { seconds: 2 })])
  const took = call.nowMs - before
  t.true(Math.abs(took - 2000) < 25, `2 s of pictures took ${took} ms`)
  await call.end()
})

test('over real UDP 200 pictures a second are as many', async (t) => {
  const call = await testCall(() => null, { modality: 'video', over: 'udp', seed: 15 })
  const before = performance.now()
  await call.show(picture(RED), { seconds: 1, fps: 200 })
  const took = performance.now() - before
  t.true(took > 990 && took < 1200, `1 s of pictures took ${took} ms`)
  await call.end()
})

test('a film that stops is frozen until the end of the part that is looked at', async (t) => {
  let shown = 0
  const call = await testCall((frame: VideoFrame) => (shown++ < 25 ? frame : null), { modality: 'video', seed: 16 })
  await call.show(picture(RED), { seconds: 5 })
  call.expectSeen({ pictures: 20, maxFreezeMs: 100 })
  call.expectSeen({ pictures: 20, maxFreezeMs: 4500, toMs: 9000 })
  const freeze = { message: /the longest freeze 4\d\d\d ms/ }
  t.throws(() => call.expectSeen({ pictures: 20, maxFreezeMs: 100, toMs: 5000 }), freeze)
  t.throws(() => call.expectSeen({ maxFreezeMs: 4000, fromMs: 300, toMs: 9000 }), freeze)
  const [first] = call.seen
  t.throws(() => call.expectSeen({ maxFreezeMs: (first?.atMs ?? 0) - 1, fromMs: 0, toMs: 700 }))
  t.notThrows(() => call.expectSeen({ maxFreezeMs: (first?.atMs ?? 0) + 50, fromMs: -100, toMs: 700 }))
  await call.end()
})

test('over real UDP it is the same', async (t) => {
  const call = await testCall(swap, { modality: 'video', over: 'udp', seed: 11 })
  await call.show(picture(RED), { seconds: 1 })
  call.expectSeen({ pictures: 20, colour: BLUE })
  t.is(await call.end(), 'peer')
})

test('a function on worker threads sees and shows, its pictures straight from there', async (t) => {
  const handler = workerHandler('filter', { threads: 1 })
  const call = await testCall(handler, { modality: 'video', over: 'udp', seed: 12 })
  await call.show(picture(RED), { seconds: 1 })
  call.expectSeen({ pictures: 20, colour: [35, 225, 225] })
  const threads = new Set(call.outputs.flatMap(({ args }) => args))
  t.deepEqual([...threads], [call.handler.loop.threadId])
  t.not(call.handler.loop.threadId, 0)
  await call.end()
})

test('a handler of audio and video on a worker thread hears and sees, both straight from there', async (t) => {
  const handler = workerHandler('mirror', { threads: 1 })
  const call = await testCall(handler, { modality: 'audio-video', over: 'udp', seed: 13 })
  call.say(tone(440, { seconds: 2 }))
  await call.show(picture(RED), { seconds: 2 })
  call.expectHeard({ seconds: 1, toneHz: 440 })
  call.expectSeen({ pictures: 40, width: 64, height: 48, colour: RED })
  t.deepEqual(
    call.outputs.map(({ args }) => args),
    [[call.handler.loop.threadId]],
  )
  t.not(call.handler.loop.threadId, 0)
  t.deepEqual(call.errors, [])
  t.is(await call.end(), 'peer')
})
