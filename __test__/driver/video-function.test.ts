import test from 'ava'
import {
  AdditionalOutputs,
  CloseStream,
  getCurrentContext,
  type VideoEmitType,
  type VideoFrame,
  VideoStreamHandler,
  WebRTCError,
} from '../../src/index.ts'
import { requireInputs } from '../../src/handlers/video-stream-handler.ts'
import { call, settle, until } from '../helpers/call.ts'
import { picture, seen } from '../helpers/pictures.ts'

/** Darker by one. */
function darken(frame: VideoFrame<Uint8Array>): VideoEmitType {
  return { ...frame, data: frame.data.map((value) => value - 1) }
}

test('what a function returns for a picture is shown, with the time that the picture had', async (t) => {
  const { link } = call(new VideoStreamHandler(darken))
  link.see(seen(5))
  link.see(seen(6))
  await until(() => link.shown.length === 2)
  t.deepEqual(
    link.shown.map(({ value, timestamp, format }) => [value, timestamp, format]),
    [
      [4, 5 / 30, 'bgr24'],
      [5, 6 / 30, 'bgr24'],
    ],
  )
})

test('the first picture is answered before anything else happens', (t) => {
  const { link } = call(new VideoStreamHandler(darken))
  link.see(seen(5))
  t.is(link.shown.length, 1)
})

test('a function gets the number type and the format that it asked for', async (t) => {
  const frames: VideoFrame[] = []
  const options = { videoDtype: 'float32', videoFormat: 'i420' } as const
  const { link } = call(new VideoStreamHandler((frame) => void frames.push(frame), options))
  link.see(seen(7))
  await until(() => frames.length === 1)
  t.deepEqual(frames, [{ width: 4, height: 2, format: 'i420', data: new Float32Array(12).fill(7), timestamp: 7 / 30 }])
})

test('each picture has an array of its own, and its own size', async (t) => {
  const frames: VideoFrame[] = []
  const { link } = call(new VideoStreamHandler((frame) => void frames.push(frame)))
  link.see(seen(1), seen(2), seen(3, { width: 8, height: 6 }))
  await until(() => frames.length === 3)
  t.not(frames[0]?.data, frames[1]?.data)
  t.deepEqual(
    frames.map(({ width, height, data }) => [width, height, data.length]),
    [
      [4, 2, 24],
      [4, 2, 24],
      [8, 6, 144],
    ],
  )
})

test('with reuseData a picture comes in the array of the one before it, as long as the size stays', async (t) => {
  const frames: VideoFrame[] = []
  const { link } = call(new VideoStreamHandler((frame) => (frames.push(frame), frame), { reuseData: true }))
  link.videoRoom = 1
  link.see(seen(1), seen(2), seen(3, { width: 8, height: 6 }))
  await until(() => frames.length === 2)
  await settle()
  t.is(frames.length, 2, 'the second waits for the encoder, in the array that the third would come in')
  link.makeVideoRoom(3)
  await until(() => frames.length === 3)
  t.deepEqual(
    link.shown.map(({ value, width }) => [value, width]),
    [
      [1, 4],
      [2, 4],
      [3, 8],
    ],
  )
  t.is(frames[0]?.data, frames[1]?.data)
  t.not(frames[1]?.data, frames[2]?.data)
})

test('an asynchronous function is called with one picture at a time, in order', async (t) => {
  let [running, most] = [0, 0]
  const { link } = call(
    new VideoStreamHandler(async (frame) => {
      most = Math.max(most, ++running)
      await settle()
      running--
      return darken(frame)
    }),
  )
  link.see(seen(1), seen(2), seen(3))
  await until(() => link.shown.length === 3)
  t.is(most, 1)
  t.deepEqual(
    link.shown.map(({ value }) => value),
    [0, 1, 2],
  )
})

test('a picture is converted only when the function is free to take it', async (t) => {
  let release: (() => void) | undefined
  const { link } = call(new VideoStreamHandler(() => new Promise<null>((resolve) => (release = () => resolve(null)))))
  link.newestOnly = true
  link.see(seen(1))
  link.see(seen(2))
  link.see(seen(3))
  await settle()
  t.is(link.skipped, 1)
  t.is(link.seenWaiting, 1)
  release?.()
  await until(() => link.seenWaiting === 0)
  t.is(link.skipped, 1)
})

test('pictures beyond the frame rate of the function are skipped and counted', async (t) => {
  const times: number[] = []
  const { link } = call(new VideoStreamHandler((frame) => void times.push(frame.timestamp), { fps: 10 }))
  for (let number = 0; number < 60; number++) {
    link.see(seen(number))
    // oxlint-disable-next-line no-await-in-loop -- pictures come one after the other
    await settle()
  }
  // Two seconds, and an interval that the second picture may be early by.
  t.true(times.length === 20 || times.length === 21, `${times.length} of 60`)
  t.is(link.skipped, 60 - times.length)
})

test('pictures that come unevenly at the frame rate are all seen', async (t) => {
  const seenAt: number[] = []
  const { link } = call(new VideoStreamHandler((frame) => void seenAt.push(frame.timestamp)))
  for (let number = 0; number < 90; number++) {
    link.see({ ...seen(number), timestamp: (number + 0.4 * Math.sin(number * 7)) / 30 + 1 })
    // oxlint-disable-next-line no-await-in-loop -- pictures come one after the other
    await settle()
  }
  t.is(seenAt.length, 90)
})

test('an encoder that is behind holds up the next picture, and none is lost of those that were returned', async (t) => {
  const { link } = call(new VideoStreamHandler(darken))
  link.videoRoom = 1
  link.see(seen(1), seen(2), seen(3))
  await settle()
  t.is(link.shown.length, 1)
  t.is(link.seenWaiting, 1)
  link.makeVideoRoom()
  await until(() => link.shown.length === 2)
  link.makeVideoRoom()
  await until(() => link.shown.length === 3)
  t.deepEqual(
    link.shown.map(({ value }) => value),
    [0, 1, 2],
  )
})

test('room that nobody waited for calls nobody', async (t) => {
  let calls = 0
  const { link } = call(new VideoStreamHandler(() => new Promise(() => calls++)))
  link.see(seen(1), seen(2))
  link.makeVideoRoom()
  await settle()
  t.is(calls, 1)
})

test('a function gets the additional arguments, and those of later', async (t) => {
  const args: unknown[][] = []
  const { core, link } = call(new VideoStreamHandler((_, ...more) => void args.push(more)))
  core.setArgs(['__webrtc_value__', 1, 'a'])
  link.see(seen(1))
  await until(() => args.length === 1)
  core.setArgs(['__webrtc_value__', 2, 'b'])
  link.see(seen(2))
  await until(() => args.length === 2)
  t.deepEqual(args, [
    [1, 'a'],
    [2, 'b'],
  ])
})

test('a function with a parameter for an input is not called before the inputs came', async (t) => {
  const args: unknown[] = []
  const { core, link } = call(new VideoStreamHandler((_, degrees: number) => void args.push(degrees)))
  link.see(seen(1))
  await settle()
  t.deepEqual(link.told, [{ type: 'send_input', data: [] }])
  t.deepEqual(args, [])
  core.setArgs(['__webrtc_value__', 90])
  await until(() => args.length === 1)
  t.deepEqual(args, [90])
})

test('so it is with one whose page has inputs', async (t) => {
  const handler = new VideoStreamHandler(darken)
  requireInputs(handler)
  const { core, link } = call(handler)
  link.see(seen(1))
  await settle()
  t.is(link.shown.length, 0)
  core.setArgs(['__webrtc_value__'])
  await until(() => link.shown.length === 1)
  t.pass()
})

test('outputs and the end of the stream come from a function too, after their picture', async (t) => {
  const script: VideoEmitType[] = [
    new AdditionalOutputs('alone'),
    [picture(8), new AdditionalOutputs('with')],
    [picture(9), new CloseStream('Seen enough')],
  ]
  const { core, link } = call(new VideoStreamHandler(() => script.shift()))
  const outputs: unknown[] = []
  core.session.on('outputs', (emitted) => outputs.push([...emitted.args, link.shown.length]))
  link.see(seen(1), seen(2), seen(3), seen(4))
  await until(() => core.state === 'closed')
  t.deepEqual(outputs, [
    ['alone', 0],
    ['with', 1],
  ])
  t.is(link.shown.length, 2)
  t.deepEqual(link.told.at(-1), { type: 'end_stream', data: 'Seen enough' })
})

test('the end of the stream waits with its picture for the encoder', async (t) => {
  const { core, link } = call(new VideoStreamHandler(() => [picture(9), new CloseStream()]))
  link.videoRoom = 0
  link.see(seen(1))
  await settle()
  t.is(core.state, 'connected')
  link.makeVideoRoom()
  await until(() => core.state === 'closed')
  t.is(link.shown.length, 1)
})

test('what a function throws ends its session with the message', async (t) => {
  const { core, link } = call(
    new VideoStreamHandler(() => {
      throw new WebRTCError('No cat in sight')
    }),
  )
  link.see(seen(1), seen(2))
  await until(() => core.state === 'closed')
  t.is(link.told[0]?.message, 'No cat in sight')
})

test('so does what an asynchronous one rejects with', async (t) => {
  const { core, link } = call(new VideoStreamHandler(() => Promise.reject(new RangeError('too dark'))))
  link.see(seen(1))
  await until(() => core.state === 'closed')
  t.is(link.told[0]?.message, 'too dark')
})

test('a client that only sends is shown nothing, and its handler is told once', async (t) => {
  const outputs: unknown[] = []
  const script: VideoEmitType[] = [picture(1), [picture(2), new AdditionalOutputs('x')], picture(3)]
  const { core, link, log } = call(new VideoStreamHandler(() => script.shift()), { muted: true })
  core.session.on('outputs', (emitted) => outputs.push(...emitted.args))
  link.see(seen(1), seen(2), seen(3))
  await until(() => script.length === 0)
  t.is(link.shown.length, 0)
  t.deepEqual(outputs, ['x'])
  t.deepEqual(log.lines, ["warn session id: The handler emits video, but nobody sees it: the stream's mode is 'send'"])
})

test('getCurrentContext works in a function, after an await and for each picture', async (t) => {
  const ids: string[] = []
  const { link } = call(
    new VideoStreamHandler(async () => {
      await settle()
      ids.push(getCurrentContext().webrtcId)
      return null
    }),
  )
  link.see(seen(1), seen(2))
  await until(() => ids.length === 2)
  t.deepEqual(ids, ['id', 'id'])
})

test('a function is called no more when its session has ended', async (t) => {
  let calls = 0
  const { core, link } = call(new VideoStreamHandler(() => void calls++))
  core.close('over')
  link.see(seen(1))
  await settle()
  t.is(calls, 0)
})
