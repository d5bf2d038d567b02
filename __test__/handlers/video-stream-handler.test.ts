import test from 'ava'
import { VideoStreamHandler, type VideoStreamHandlerOptions } from '../../src/index.ts'

const nothing = (): null => null

test('a video handler has the defaults that are documented', (t) => {
  const { fps, skipFrames, reuseData, videoDtype, videoFormat } = new VideoStreamHandler(nothing)
  t.deepEqual(
    { fps, skipFrames, reuseData, videoDtype, videoFormat },
    { fps: 30, skipFrames: false, reuseData: false, videoDtype: 'uint8', videoFormat: 'bgr24' },
  )
})

test('a copy has the settings of the handler that it was made of', (t) => {
  const options = {
    fps: 12.5,
    skipFrames: true,
    reuseData: true,
    videoDtype: 'float32',
    videoFormat: 'i420',
  } as const
  const handler = new VideoStreamHandler(nothing, options)
  const { fps, skipFrames, reuseData, videoDtype, videoFormat } = handler.copy()
  t.deepEqual({ fps, skipFrames, reuseData, videoDtype, videoFormat }, options)
  t.not(handler.copy(), handler)
})

const UNFIT: [what: string, fn: unknown, options: unknown, message: RegExp][] = [
  ['no function', undefined, {}, /takes a function \(frame, ...args\) => frame, not undefined/],
  ['options that are none', nothing, 15, /must be an object, such as \{ fps: 15 \}, not 15/],
  ['an option that does not exist', nothing, { frameRate: 15 }, /has no option frameRate; there are fps, skipFrames/],
  ['no frame rate', nothing, { fps: 0 }, /fps must be above 0 and at most 1,000, not 0/],
  ['a frame rate that no timer has', nothing, { fps: 1e6 }, /fps must be above 0 and at most 1,000, not 1000000/],
  ['a word for skipFrames', nothing, { skipFrames: 'yes' }, /skipFrames must be true or false, not "yes"/],
  ['a number for reuseData', nothing, { reuseData: 1 }, /reuseData must be true or false, not 1/],
  ['another number type', nothing, { videoDtype: 'uint16' }, /videoDtype must be 'uint8' or 'float32', not "uint16"/],
  [
    'another format',
    nothing,
    { videoFormat: 'nv12' },
    /videoFormat must be 'bgr24', 'rgb24', 'rgba' or 'i420', not "nv12"/,
  ],
]

for (const [what, fn, options, message] of UNFIT) {
  test(`${what} is refused at construction`, (t) => {
    t.throws(() => new VideoStreamHandler(fn as never, options as VideoStreamHandlerOptions<'uint8'>), { message })
  })
}
