import test from 'ava'
import {
  AudioVideoStreamHandler,
  StreamHandler,
  type AudioVideoHandlerOptions,
  type HandlerOptions,
} from '../../src/index.ts'
import { AsyncFace } from '../helpers/async-face.ts'

class Plain extends StreamHandler {
  override receive(): void {}
  override emit(): null {
    return null
  }
  override copy(): Plain {
    return new Plain()
  }
}

class Video extends AudioVideoStreamHandler {
  override receive(): void {}
  override emit(): null {
    return null
  }
  override videoReceive(): void {}
  override videoEmit(): null {
    return null
  }
  override copy(): Video {
    return new Video()
  }
}

test('a handler without options is mono, hears 48,000 Hz and speaks 24,000 Hz', (t) => {
  const handler = new Plain()
  t.is(handler.expectedLayout, 'mono')
  t.is(handler.inputSampleRate, 48_000)
  t.is(handler.outputSampleRate, 24_000)
  t.is(handler.outputFrameSize, 480)
  t.is(handler.fps, 30)
  t.is(handler.channel, null)
  t.is(handler.latestArgs, 'not_set')
  t.false(handler.channelSet.isSet)
  t.false(handler.argsSet.isSet)
  t.false(handler.phoneMode)
})

test('outputFrameSize is 20 ms of the output rate', (t) => {
  t.is(new Plain({ outputSampleRate: 16_000 }).outputFrameSize, 320)
})

const WRONG: [keyof HandlerOptions, unknown][] = [
  ['expectedLayout', 'stereo51'],
  ['outputSampleRate', 22_051],
  ['outputSampleRate', 0],
  ['outputSampleRate', -50],
  ['outputSampleRate', '24000'],
  ['inputSampleRate', 0],
  ['inputSampleRate', 16_000.5],
  ['inputSampleRate', NaN],
  ['fps', 0],
]
for (const [name, value] of WRONG) {
  test(`${name}: ${JSON.stringify(value)} is refused at construction, by name and value`, (t) => {
    const error = t.throws(() => new Plain({ [name]: value }), { instanceOf: RangeError })
    t.true(error.message.includes(name) && error.message.includes(String(value)), error.message)
  })
}

const NO_OPTIONS: [options: unknown, message: RegExp][] = [
  [null, /must be an object.*not null/],
  [5, /must be an object.*not 5/],
  [[], /must be an object.*not \[\]/],
  [{ inputSamplerate: 8000 }, /no option inputSamplerate; there are .*inputSampleRate/],
]
for (const [options, message] of NO_OPTIONS) {
  test(`refused at construction: ${message.source}`, (t) => {
    t.throws(() => new Plain(options as object), { instanceOf: TypeError, message })
    t.throws(() => new Video(options as object), { instanceOf: TypeError, message })
  })
}

test.serial('another outputFrameSize warns once as deprecated, and is ignored', async (t) => {
  const warnings: Error[] = []
  const keep = (warning: Error): void => void warnings.push(warning)
  process.on('warning', keep)
  t.teardown(() => process.off('warning', keep))
  t.is(new Plain({ outputFrameSize: 480 }).outputFrameSize, 480)
  t.is(new Plain({ outputFrameSize: 960 }).outputFrameSize, 480)
  t.is(new Plain({ outputFrameSize: 960 }).outputFrameSize, 480)
  await new Promise(setImmediate)
  const ours = warnings.filter(({ name, message }) => name === 'DeprecationWarning' && message.includes('960'))
  t.is(ours.length, 1)
})

test('a synchronous video handler gets 8-bit pixels, an asynchronous one floats, unless they say otherwise', (t) => {
  t.is(new Video().videoDtype, 'uint8')
  t.is(new AsyncFace().videoDtype, 'float32')
  t.is(new Video().videoFormat, 'bgr24')
  const options: AudioVideoHandlerOptions = { videoDtype: 'float32', videoFormat: 'i420' }
  t.is(new Video(options).videoDtype, 'float32')
  t.is(new Video(options).videoFormat, 'i420')
})

test('a pixel type or format that does not exist is refused by name', (t) => {
  t.throws(() => new Video({ videoDtype: 'int8' as 'uint8' }), { instanceOf: RangeError, message: /"int8"/ })
  t.throws(() => new AsyncFace({ videoFormat: 'nv12' as 'i420' }), { instanceOf: RangeError, message: /"nv12"/ })
})
