/* oxlint-disable consistent-function-scoping -- what each is like is the point here */
import test from 'ava'
import {
  AudioVideoStreamHandler,
  type EmitType,
  type Modality,
  type Mode,
  Stream,
  StreamBase,
  type StreamBaseOptions,
  StreamHandler,
  type VideoEmitType,
  type VideoFrame,
  VideoStreamHandler,
} from '../../src/index.ts'
import { AudioVideoGeneratorHandler } from '../../src/driver/audio-video-generator-handler.ts'
import { DuplexHandler } from '../../src/driver/duplex-handler.ts'
import { GeneratorHandler } from '../../src/driver/generator-handler.ts'
import { VideoGeneratorHandler } from '../../src/driver/video-generator-handler.ts'
import { videoFunctionOf } from '../../src/handlers/video-stream-handler.ts'
import { HandlerSource } from '../../src/stream/handler-source.ts'
import { linkSettings } from '../../src/stream/link-settings.ts'
import { AsyncFace } from '../helpers/async-face.ts'
import { picture } from '../helpers/pictures.ts'

class Voice extends StreamHandler {
  override receive(): void {}
  override emit(): EmitType {
    return null
  }
  override copy(): Voice {
    return new Voice()
  }
}

class Face extends AudioVideoStreamHandler {
  override receive(): void {}
  override emit(): EmitType {
    return null
  }
  override videoReceive(): void {}
  override videoEmit(): VideoEmitType {
    return null
  }
  override copy(): Face {
    return new Face()
  }
}

const HANDLERS = {
  voice: new Voice(),
  face: new Face(),
  'async face': new AsyncFace(),
  filter: new VideoStreamHandler(() => null),
  function: () => null,
  'async function': async () => null,
  *generator() {
    yield null
  },
  async *'async generator'() {
    yield null
  },
}

/** The table of handlers by modality and mode, and what makes a session's handler of each; absent: refused. */
const TABLE: Record<
  Modality,
  Record<Mode, Partial<Record<keyof typeof HANDLERS, new (...args: never[]) => unknown>>>
> = {
  audio: {
    'send-receive': { voice: Voice, 'async generator': DuplexHandler, function: DuplexHandler },
    send: { voice: Voice, 'async generator': DuplexHandler, function: DuplexHandler },
    receive: { generator: GeneratorHandler, 'async generator': GeneratorHandler, function: GeneratorHandler },
  },
  video: {
    'send-receive': { filter: VideoStreamHandler, function: VideoStreamHandler, 'async function': VideoStreamHandler },
    send: { filter: VideoStreamHandler, function: VideoStreamHandler, 'async function': VideoStreamHandler },
    receive: {
      generator: VideoGeneratorHandler,
      'async generator': VideoGeneratorHandler,
      function: VideoGeneratorHandler,
    },
  },
  'audio-video': {
    'send-receive': { face: Face, 'async face': AsyncFace },
    send: { face: Face, 'async face': AsyncFace },
    receive: {
      face: Face,
      'async face': AsyncFace,
      generator: AudioVideoGeneratorHandler,
      'async generator': AudioVideoGeneratorHandler,
      function: AudioVideoGeneratorHandler,
    },
  },
}

for (const [modality, modes] of Object.entries(TABLE) as [Modality, (typeof TABLE)['audio']][]) {
  for (const [mode, fitting] of Object.entries(modes) as [Mode, (typeof modes)['send']][]) {
    for (const [name, handler] of Object.entries(HANDLERS) as [keyof typeof HANDLERS, never][]) {
      const made = fitting[name]
      test(`${modality}, ${mode}: ${name} ${made === undefined ? 'is refused with what fits' : 'serves'}`, (t) => {
        const options = { handler, modality, mode } as StreamBaseOptions
        if (made === undefined) {
          const fits = /extend |give |write |must be a generator function/
          return void t.throws(() => new StreamBase(options), { instanceOf: TypeError, message: fits })
        }
        const { options: settings } = new StreamBase(options)
        const source = new HandlerSource(handler, { modality, mode, hasInputs: false, fps: 30 })
        t.true(source.make() instanceof made)
        return t.deepEqual([settings.modality, settings.mode], [modality, mode])
      })
    }
  }
}

test('the modality is what the handler says, and video for a function', (t) => {
  const modalities = Object.values(HANDLERS)
    .filter((handler) => typeof handler !== 'function' || handler === HANDLERS.function)
    .map((handler) => new StreamBase({ handler } as StreamBaseOptions).options.modality)
  t.deepEqual(modalities, ['audio', 'audio-video', 'audio-video', 'video', 'video'])
})

test('a duplex function without its modality is told how to be one', (t) => {
  const handler = HANDLERS['async generator']
  t.throws(() => new StreamBase({ handler } as never), { message: /modality: 'audio' for a duplex function/ })
})

test('a class without videoEmit is refused when the stream is made', (t) => {
  const face = Object.assign(new Face(), { videoEmit: undefined })
  t.throws(() => new StreamBase({ handler: face }), {
    message: /receive, emit, videoReceive, videoEmit and copy; videoEmit is undefined/,
  })
})

test('a copy of another kind is refused', (t) => {
  const handler = Object.assign(new Face(), { copy: () => new Voice() as never })
  const source = new HandlerSource(handler, { modality: 'audio-video', mode: 'send', hasInputs: false, fps: 30 })
  t.throws(() => source.make(), { message: /copy\(\) returned a handler that can't be used: .* one of audio, and/ })
})

test('a function whose page has inputs waits for them', (t) => {
  const waits = (hasInputs: boolean): boolean => {
    const source = new HandlerSource(() => null, { modality: 'video', mode: 'send', hasInputs, fps: 30 })
    return videoFunctionOf(source.make() as VideoStreamHandler).waitsForInputs
  }
  t.deepEqual([waits(false), waits(true)], [false, true])
})

test('functions are typed by their place', (t) => {
  const filter = new Stream({
    handler: (frame) => {
      const data: Uint8Array = frame.data
      return { ...frame, data }
    },
  })
  const slow = new Stream({
    handler: async (frame: VideoFrame<Uint8Array>, angle: number) => (angle > 0 ? frame : null),
  })
  const floats = new VideoStreamHandler((frame) => ({ ...frame, data: frame.data satisfies Float32Array }), {
    videoDtype: 'float32',
  })
  const film = new Stream({
    mode: 'receive',
    *handler() {
      yield picture(1)
    },
  })
  const sound = new Stream({
    modality: 'audio-video',
    mode: 'receive',
    async *handler() {
      yield picture(1)
      yield [8000, new Int16Array(160)]
    },
  })
  const modalities = [filter, slow, new Stream({ handler: floats }), film, sound].map((each) => each.options.modality)
  t.deepEqual(modalities, ['video', 'video', 'video', 'video', 'audio-video'])
})

test('the engine is told what a handler and the options ask for', (t) => {
  const settings = (options: object): unknown => {
    const stream = new StreamBase(options as StreamBaseOptions)
    const handler = options as { handler: VideoStreamHandler }
    const { audio, video } = linkSettings(stream.options, handler.handler)
    return { audio, video }
  }
  const video = { queueFrames: 15, newestOnly: false, maxBitrate: 2_500_000, framerate: 30 }
  t.deepEqual(settings({ handler: new Voice() }), { audio: true, video: undefined })
  t.deepEqual(settings({ handler: new Face(), mode: 'receive' }), {
    audio: true,
    video: { receives: false, sends: true, ...video },
  })
  const handler = new VideoStreamHandler(() => null, { fps: 20, skipFrames: true })
  const rtpParams = { maxBitrate: 500_000, maxFramerate: 24 }
  t.deepEqual(settings({ handler, mode: 'send', rtpParams, media: { video: { queueFrames: 4 } } }), {
    audio: false,
    video: {
      receives: true,
      sends: false,
      queueFrames: 4,
      newestOnly: true,
      maxBitrate: 500_000,
      framerate: 20,
      maxFramerate: 24,
    },
  })
})
