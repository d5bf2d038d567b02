// No model runs here: these tests drive the adapters with stand-ins of the packages' documented interfaces.
import test from 'ava'
import { getSttModel, getTtsModel, PackageMissingError, SpeechModelError } from '../../src/index.ts'
import type { AudioFrame } from '../../src/index.ts'
import { loadKokoro } from '../../src/speech/kokoro-tts.ts'
import { loadTransformersStt } from '../../src/speech/transformers-stt.ts'
import { collect } from '../helpers/collect.ts'

type Options = Record<string, unknown>

/** `pipeline()` of @huggingface/transformers, for a model that always understands the same. */
class Transformers {
  readonly loaded: unknown[][] = []
  readonly asked: { samples: Float32Array; options: Options }[] = []
  readonly interrupted: unknown[] = []
  hear: () => Promise<{ text: string }> = async () => ({ text: ' Hello there.' })

  get package(): Options {
    const { interrupted } = this
    class InterruptableStoppingCriteria {
      interrupt(): void {
        interrupted.push(this)
      }
    }
    const pipeline = async (...args: unknown[]) => {
      this.loaded.push(args)
      return (samples: Float32Array, options: Options) => {
        this.asked.push({ samples, options })
        return this.hear()
      }
    }
    return { pipeline, InterruptableStoppingCriteria }
  }
}

/** `KokoroTTS` of kokoro-js: a sample for each letter. */
class KokoroJs {
  readonly loaded: unknown[][] = []
  readonly asked: [text: string, options: unknown][] = []
  speak: (text: string) => unknown = (text) => new Float32Array(text.length).fill(0.5)

  get package(): Options {
    const from_pretrained = async (...args: unknown[]) => {
      this.loaded.push(args)
      return {
        voices: { af_heart: {}, bm_george: {} },
        generate: async (text: string, options: unknown) => {
          this.asked.push([text, options])
          return { audio: this.speak(text), sampling_rate: 24_000 }
        },
      }
    }
    return { KokoroTTS: { from_pretrained } }
  }
}

const MOONSHINE = { name: 'moonshine/base', id: 'onnx-community/moonshine-base-ONNX', kind: 'moonshine' } as const
const WHISPER = { name: 'whisper/base', id: 'onnx-community/whisper-base', kind: 'whisper' } as const
const ENGLISH = { name: 'whisper/base.en', id: 'onnx-community/whisper-base.en', kind: 'whisper' } as const

function silence(seconds: number, rate = 16_000): AudioFrame {
  return [rate, new Int16Array(seconds * rate)]
}

test('without its package a model says how to install it', async (t) => {
  const stt = await t.throwsAsync<PackageMissingError>(getSttModel(), { instanceOf: PackageMissingError })
  t.is(
    stt?.message,
    "getSttModel('moonshine/base') needs the package @huggingface/transformers: npm install @huggingface/transformers",
  )
  t.is(stt?.code, 'ERR_PARLEY_PACKAGE_MISSING')
  await t.throwsAsync(getTtsModel('kokoro'), {
    instanceOf: PackageMissingError,
    message: "getTtsModel('kokoro') needs the package kokoro-js: npm install kokoro-js",
  })
})

test('wrong names and options are refused before anything is loaded', async (t) => {
  const wrong: [() => Promise<unknown>, RegExp][] = [
    [() => getSttModel('moonshine' as never), /'moonshine\/base', 'moonshine\/tiny' or 'whisper\/….*"moonshine"/],
    [() => getSttModel('moonshine/large' as never), /not "moonshine\/large"/],
    [() => getSttModel('whisper/../../x'), /not "whisper/],
    [() => getSttModel(null as never), /not null/],
    [() => getSttModel('whisper/base', { dtype: 8 as never }), /dtype must be a word, not 8/],
    [() => getSttModel('whisper/base', { localFilesOnly: 1 as never }), /localFilesOnly.*1/],
    [() => getSttModel('whisper/base', { voice: 'x' } as never), /no option voice/],
    [() => getSttModel('whisper/base', null as never), /options must be an object/],
    [() => getTtsModel('piper' as never), /must be 'kokoro', not "piper"/],
    [() => getTtsModel('kokoro', { speed: 0 }), /speed.*0/],
    [() => getTtsModel('kokoro', { voice: '' }), /voice/],
    [() => getTtsModel('kokoro', { language: 'en' } as never), /no option language/],
  ]
  for (const [call, message] of wrong) {
    const error = await t.throwsAsync(call, { message })
    t.true(error instanceof TypeError || error instanceof RangeError)
  }
})

test('Moonshine is loaded as asked, warmed up, and hears mono of 16,000 Hz', async (t) => {
  const hub = new Transformers()
  const stt = await loadTransformersStt(hub.package, MOONSHINE, {
    dtype: 'q8',
    cacheDir: '/models',
    localFilesOnly: true,
  })
  t.deepEqual(hub.loaded, [
    ['automatic-speech-recognition', MOONSHINE.id, { dtype: 'q8', cache_dir: '/models', local_files_only: true }],
  ])
  t.is(hub.asked.length, 1, 'warm')
  t.is(await stt.stt([48_000, new Int16Array(96_000), 'stereo'] as never), 'Hello there.')
  t.is(hub.asked[1]?.samples.length, 16_000)
})

test('Moonshine may say as much as was said, of a short word too', async (t) => {
  const hub = new Transformers()
  const stt = await loadTransformersStt(hub.package, MOONSHINE, {})
  await stt.stt(silence(0.4))
  await stt.stt(silence(10))
  t.deepEqual(
    hub.asked.slice(1).map(({ options }) => options['max_new_tokens']),
    [12, 65],
  )
})

test('Whisper is told its language and cuts long speech, unless it knows English alone', async (t) => {
  const hub = new Transformers()
  await (await loadTransformersStt(hub.package, WHISPER, { language: 'de' })).stt(silence(5))
  await (await loadTransformersStt(hub.package, ENGLISH, {})).stt(silence(31))
  const [, several, , english] = hub.asked.map(({ options: { stopping_criteria: _, ...options } }) => options)
  t.deepEqual(several, { task: 'transcribe', language: 'de' })
  t.deepEqual(english, { chunk_length_s: 30, stride_length_s: 5 })
})

test('no speech asks no model', async (t) => {
  const hub = new Transformers()
  const stt = await loadTransformersStt(hub.package, MOONSHINE, {})
  t.is(await stt.stt(silence(0)), '')
  t.is(hub.asked.length, 1)
})

test('an aborted transcription rejects at once and interrupts the model', async (t) => {
  const hub = new Transformers()
  const stt = await loadTransformersStt(hub.package, MOONSHINE, {})
  hub.hear = () => new Promise(() => undefined)
  const abort = new AbortController()
  const text = stt.stt(silence(1), { signal: abort.signal })
  abort.abort(new Error('interrupted'))
  await t.throwsAsync(text, { message: 'interrupted' })
  t.deepEqual(hub.interrupted, [hub.asked[1]?.options['stopping_criteria']])
  await t.throwsAsync(stt.stt(silence(1), { signal: abort.signal }), { message: 'interrupted' })
  t.is(hub.asked.length, 2)
})

test('what a package throws says which model it was', async (t) => {
  const broken = { pipeline: () => Promise.reject(new Error('404 Not Found')) }
  await t.throwsAsync(loadTransformersStt(broken, WHISPER, {}), {
    instanceOf: SpeechModelError,
    message: 'The model whisper/base (onnx-community/whisper-base) could not be loaded: 404 Not Found',
  })
  await t.throwsAsync(loadTransformersStt({}, WHISPER, {}), { instanceOf: SpeechModelError, message: /no pipeline/ })
  const hub = new Transformers()
  const stt = await loadTransformersStt(hub.package, WHISPER, {})
  hub.hear = () => Promise.reject(new Error('out of memory'))
  await t.throwsAsync(stt.stt(silence(1)), { instanceOf: SpeechModelError, message: /failed: out of memory/ })
})

test('Kokoro is loaded as asked, warmed up, and speaks a sentence at a time', async (t) => {
  const js = new KokoroJs()
  const tts = await loadKokoro(js.package, { dtype: 'q8', device: 'cpu' })
  t.deepEqual(js.loaded, [['onnx-community/Kokoro-82M-v1.0-ONNX', { dtype: 'q8', device: 'cpu' }]])
  t.deepEqual(await tts.tts('One. Three.'), [24_000, new Int16Array(10).fill(16_383)])
  t.deepEqual(js.asked, [
    ['Hello.', { voice: 'af_heart', speed: 1 }],
    ['One.', { voice: 'af_heart', speed: 1 }],
    ['Three.', { voice: 'af_heart', speed: 1 }],
  ])
  t.deepEqual((await collect(tts.streamTts('One. Three.', { voice: 'bm_george', speed: 2 }))).length, 2)
  t.deepEqual(js.asked.at(-1), ['Three.', { voice: 'bm_george', speed: 2 }])
})

test('an unknown voice is refused with those that there are', async (t) => {
  const message = 'Kokoro has no voice "alloy"; it has af_heart, bm_george'
  await t.throwsAsync(loadKokoro(new KokoroJs().package, { voice: 'alloy' }), { instanceOf: RangeError, message })
  const tts = await loadKokoro(new KokoroJs().package, {})
  t.throws(() => tts.streamTts('Yes.', { voice: 'alloy' }), { instanceOf: RangeError, message })
  t.throws(() => tts.streamTts('Yes.', { voice: 'toString' }), { instanceOf: RangeError })
})

test('an aborted voice rejects at once and begins no further sentence', async (t) => {
  const js = new KokoroJs()
  const tts = await loadKokoro(js.package, {})
  const abort = new AbortController()
  const speech = tts.streamTts('One. Two.', { signal: abort.signal })[Symbol.asyncIterator]()
  await speech.next()
  abort.abort(new Error('interrupted'))
  await t.throwsAsync(speech.next(), { message: 'interrupted' })
  t.is(js.asked.length, 2)
})

test('what Kokoro throws or gives wrongly says which model it was', async (t) => {
  await t.throwsAsync(loadKokoro({}, {}), { instanceOf: SpeechModelError, message: /no KokoroTTS/ })
  const js = new KokoroJs()
  const tts = await loadKokoro(js.package, {})
  js.speak = () => 'noise'
  await t.throwsAsync(tts.tts('Yes.'), { instanceOf: SpeechModelError, message: /kokoro.*failed: it gave "noise"/ })
})
