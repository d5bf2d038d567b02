import { loadOptionalPackage } from './optional-package.ts'
import { checkModelOptions, type SpeechModelOptions, unknownModel } from './model-options.ts'
import type { SpeechToText } from './speech-to-text.ts'
import { loadTransformersStt } from './transformers-stt.ts'

/** Models that {@link getSttModel} knows: Moonshine for English, Whisper in the sizes on the Hugging Face Hub. */
export type SttModelName = 'moonshine/base' | 'moonshine/tiny' | `whisper/${string}`

/** How {@link getSttModel} loads a model. */
export interface SttModelOptions extends SpeechModelOptions {
  /** The language that is spoken, for Whisper in several languages, such as `'en'`; by default it finds out. */
  language?: string
  /** Folder to keep downloaded models in; by default the package's own. */
  cacheDir?: string
  /** Whether a model must be there already, so that nothing is downloaded. Default false. */
  localFilesOnly?: boolean
}

/**
 * Loads a speech-to-text model to run in this process, on the optional package `@huggingface/transformers`, and warms it
 * up. The first time the model is downloaded from the Hugging Face Hub. Load it once, and share it.
 *
 * ```ts
 * const stt = await getSttModel('moonshine/base')
 * ```
 *
 * @param name - `'moonshine/base'` by default; of Whisper such as `'whisper/tiny'`, `'whisper/base.en'`,
 * `'whisper/large-v3-turbo'`
 * @param options - precision, device, language
 * @returns the model; an aborted `stt` stops at its next token
 * @throws PackageMissingError without the package, SpeechModelError when the model can't be loaded, RangeError or TypeError
 * naming an argument that can't be
 */
export async function getSttModel(
  name: SttModelName = 'moonshine/base',
  options: SttModelOptions = {},
): Promise<SpeechToText> {
  checkModelOptions(options, ['dtype', 'device', 'language', 'cacheDir'], ['localFilesOnly'])
  const model = modelOf(name)
  const transformers = await loadOptionalPackage('@huggingface/transformers', `getSttModel('${name}')`)
  return loadTransformersStt(transformers, { ...model, name }, options)
}

/** The conversions for ONNX that the package's authors keep on the Hub. */
function modelOf(name: unknown): { id: string; kind: 'moonshine' | 'whisper' } {
  const [, kind, size] = /^(moonshine|whisper)\/([\w.-]+)$/.exec(typeof name === 'string' ? name : '') ?? []
  if (kind === 'whisper') return { id: `onnx-community/whisper-${size}`, kind }
  if (kind === 'moonshine' && (size === 'base' || size === 'tiny')) {
    return { id: `onnx-community/moonshine-${size}-ONNX`, kind }
  }
  throw unknownModel(name, "'moonshine/base', 'moonshine/tiny' or 'whisper/…', such as 'whisper/base'")
}
