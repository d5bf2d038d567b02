import { checkModelOptions, type SpeechModelOptions, unknownModel } from './model-options.ts'
import { loadKokoro } from './kokoro-tts.ts'
import { loadOptionalPackage } from './optional-package.ts'
import { checkVoice, type TextToSpeech } from './text-to-speech.ts'

/** How {@link getTtsModel} loads a model. */
export interface TtsModelOptions extends SpeechModelOptions {
  /** Whose voice by default, such as `'af_heart'` (the default) or `'bm_george'`; an unknown one is refused with a list. */
  voice?: string
  /** How fast by default, as a factor from 0.25 to 4; 1 unless given. */
  speed?: number
}

/**
 * Loads a text-to-speech model to run in this process: Kokoro, with 82 million parameters and English voices, on the
 * optional package `kokoro-js`. The first time the model is downloaded from the Hugging Face Hub. Load it once, and share it.
 *
 * ```ts
 * const tts = await getTtsModel('kokoro')
 * ```
 *
 * @param name - `'kokoro'`
 * @param options - precision, device, voice, speed
 * @returns the model; it speaks sentence by sentence, and one that is aborted begins no further sentence
 * @throws PackageMissingError without the package, SpeechModelError when the model can't be loaded, RangeError or TypeError
 * naming an argument that can't be
 */
export async function getTtsModel(name: 'kokoro' = 'kokoro', options: TtsModelOptions = {}): Promise<TextToSpeech> {
  const { speed, ...words } = options
  checkModelOptions(words, ['dtype', 'device', 'voice'])
  checkVoice(options)
  if ((name as unknown) !== 'kokoro') throw unknownModel(name, "'kokoro'")
  return loadKokoro(await loadOptionalPackage('kokoro-js', `getTtsModel('${name}')`), { ...words, speed: speed ?? 1 })
}
