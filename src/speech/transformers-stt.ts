import { SpeechModelError } from '../errors.ts'
import type { AudioFrame } from '../frames/audio-frame.ts'
import { messageOf } from '../frames/thrown.ts'
import { checkObject, checkSignal } from '../stream/checks.ts'
import { orAborted } from './abortable.ts'
import type { SttModelOptions } from './get-stt-model.ts'
import { speechInput } from './speech-input.ts'
import type { SpeechToText, SpeechToTextOptions } from './speech-to-text.ts'

/** A model on the Hub. */
export interface HubModel {
  /** Its name here. */
  readonly name: string
  /** Its name there. */
  readonly id: string
  /** How it wants to be asked. */
  readonly kind: 'moonshine' | 'whisper'
}

/** Of a pipeline of `@huggingface/transformers` 3.5 and later, what is used here. */
type Pipeline = (audio: Float32Array, options: Readonly<Record<string, unknown>>) => Promise<{ text?: unknown }>
type MakePipeline = (task: string, model: string, options: Readonly<Record<string, unknown>>) => Promise<Pipeline>
type MakeStop = new () => { interrupt(): void }

/** What the models hear, in Hz. */
const RATE = 16_000
/** Tokens that a second of speech has at most; a model that is asked for more repeats itself (arXiv 2410.15608, section 3). */
const TOKENS_PER_SECOND = 6.5
/** The package counts whole seconds only, so that a short "yes" had no token at all. */
const TOKENS_AT_LEAST = 12
/** What Whisper hears at once, in seconds. */
const WHISPER_SECONDS = 30

/**
 * Loads a model with a pipeline of `@huggingface/transformers`.
 *
 * @param transformers - the package
 * @param model - which
 * @param options - checked
 * @returns the model, warm
 * @throws SpeechModelError when it can't be loaded
 */
export async function loadTransformersStt(
  transformers: Readonly<Record<string, unknown>>,
  model: HubModel,
  options: SttModelOptions,
): Promise<SpeechToText> {
  const { pipeline, InterruptableStoppingCriteria } = transformers as { pipeline?: unknown } & Record<string, unknown>
  if (typeof pipeline !== 'function') throw failed(model, 'could not be loaded', 'the package has no pipeline()')
  const transcribe = await make(pipeline as MakePipeline, model, options)
  const stt = new TransformersStt(model, transcribe, InterruptableStoppingCriteria as MakeStop | undefined, options)
  await stt.stt([RATE, new Int16Array(RATE)])
  return stt
}

async function make(pipeline: MakePipeline, model: HubModel, options: SttModelOptions): Promise<Pipeline> {
  const { dtype, device, cacheDir, localFilesOnly } = options
  const given = { dtype, device, cache_dir: cacheDir, local_files_only: localFilesOnly }
  const known = Object.entries(given).filter(([, value]) => value !== undefined)
  try {
    return await pipeline('automatic-speech-recognition', model.id, Object.fromEntries(known))
  } catch (cause) {
    throw failed(model, 'could not be loaded', cause)
  }
}

class TransformersStt implements SpeechToText {
  readonly #model: HubModel
  readonly #transcribe: Pipeline
  readonly #Stop: MakeStop | undefined
  readonly #options: SttModelOptions

  constructor(model: HubModel, transcribe: Pipeline, Stop: MakeStop | undefined, options: SttModelOptions) {
    this.#model = model
    this.#transcribe = transcribe
    this.#Stop = Stop
    this.#options = options
  }

  async stt(audio: AudioFrame, options: SpeechToTextOptions = {}): Promise<string> {
    checkObject('', options, ['signal'])
    const { signal } = options
    checkSignal(signal)
    const { samples } = speechInput(audio, RATE)
    signal?.throwIfAborted()
    return samples.length === 0 ? '' : orAborted(this.#run(samples, signal), signal)
  }

  async #run(samples: Float32Array, signal: AbortSignal | undefined): Promise<string> {
    const stop = this.#Stop === undefined ? undefined : new this.#Stop()
    const interrupt = (): void => stop?.interrupt()
    signal?.addEventListener('abort', interrupt, { once: true })
    try {
      const { text } = await this.#transcribe(samples, {
        ...this.#asked(samples),
        ...(stop && { stopping_criteria: stop }),
      })
      return typeof text === 'string' ? text.trim() : ''
    } catch (cause) {
      throw failed(this.#model, 'failed', cause)
    } finally {
      signal?.removeEventListener('abort', interrupt)
    }
  }

  #asked({ length }: Float32Array): Record<string, unknown> {
    const seconds = length / RATE
    if (this.#model.kind === 'moonshine') {
      return { max_new_tokens: Math.max(TOKENS_AT_LEAST, Math.ceil(seconds * TOKENS_PER_SECOND)) }
    }
    const { language } = this.#options
    // Models for English alone refuse to be told the language or the task.
    const isEnglish = /\.en\b/.test(this.#model.id)
    return {
      ...(isEnglish ? {} : { task: 'transcribe', ...(language !== undefined && { language }) }),
      ...(seconds > WHISPER_SECONDS && { chunk_length_s: WHISPER_SECONDS, stride_length_s: 5 }),
    }
  }
}

function failed(model: HubModel, what: string, cause: unknown): SpeechModelError {
  return new SpeechModelError(`The model ${model.name} (${model.id}) ${what}: ${messageOf(cause)}`, { cause })
}
