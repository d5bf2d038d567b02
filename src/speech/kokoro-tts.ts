import { SpeechModelError } from '../errors.ts'
import type { AudioFrame } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'
import { audioToInt16 } from '../frames/pcm.ts'
import { messageOf } from '../frames/thrown.ts'
import { checkObject, checkSignal } from '../stream/checks.ts'
import { orAborted } from './abortable.ts'
import type { TtsModelOptions } from './get-tts-model.ts'
import { joinAudio } from './join-audio.ts'
import { splitSentences } from './split-sentences.ts'
import { checkVoice, hasWords, type TextToSpeech, type TextToSpeechOptions } from './text-to-speech.ts'

const MODEL = 'onnx-community/Kokoro-82M-v1.0-ONNX'
const VOICE = 'af_heart'
/** Of Kokoro's audio, in Hz. */
const RATE = 24_000

/** Of the model that `kokoro-js` 1.2 makes, what is used here. */
interface Kokoro {
  readonly voices: Readonly<Record<string, unknown>>
  generate(text: string, options: { voice: string; speed: number }): Promise<RawAudio>
}
interface RawAudio {
  readonly audio: unknown
  readonly sampling_rate: number
}
interface KokoroClass {
  from_pretrained(model: string, options: Readonly<Record<string, unknown>>): Promise<Kokoro>
}

/**
 * Loads Kokoro.
 *
 * @param kokoroJs - the package `kokoro-js`
 * @param options - checked
 * @returns the model, warm
 * @throws SpeechModelError when it can't be loaded, RangeError for an unknown voice
 */
export async function loadKokoro(
  kokoroJs: Readonly<Record<string, unknown>>,
  { dtype, device, voice = VOICE, speed = 1 }: TtsModelOptions,
): Promise<TextToSpeech> {
  const KokoroTTS = kokoroJs['KokoroTTS'] as KokoroClass | undefined
  if (typeof KokoroTTS?.from_pretrained !== 'function')
    throw failed('could not be loaded', 'the package has no KokoroTTS')
  const given = { ...(dtype !== undefined && { dtype }), ...(device !== undefined && { device }) }
  const model = await KokoroTTS.from_pretrained(MODEL, given).catch((cause: unknown) => {
    throw failed('could not be loaded', cause)
  })
  const tts = new KokoroTts(model, voice, speed)
  await tts.tts('Hello.')
  return tts
}

/** One sentence at a time, for Kokoro takes some 500 phonemes and leaves out what is beyond. */
class KokoroTts implements TextToSpeech {
  readonly #model: Kokoro
  readonly #voice: string
  readonly #speed: number

  constructor(model: Kokoro, voice: string, speed: number) {
    this.#model = model
    this.#voice = this.#checkName(voice)
    this.#speed = speed
  }

  async tts(text: string, options?: TextToSpeechOptions): Promise<AudioFrame> {
    return joinAudio(this.streamTts(text, options), RATE)
  }

  streamTts(text: string, options: TextToSpeechOptions = {}): AsyncGenerator<AudioFrame, void, void> {
    checkObject('', options, ['signal', 'voice', 'speed'])
    hasWords(text)
    checkSignal(options.signal)
    checkVoice(options)
    const { voice = this.#voice, speed = this.#speed, signal } = options
    return this.#speak(text, { voice: this.#checkName(voice), speed }, signal)
  }

  async *#speak(
    text: string,
    options: { voice: string; speed: number },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AudioFrame, void, void> {
    for await (const sentence of splitSentences(text)) {
      signal?.throwIfAborted()
      yield await orAborted(this.#generate(sentence, options), signal)
    }
  }

  async #generate(sentence: string, options: { voice: string; speed: number }): Promise<AudioFrame> {
    try {
      const { audio, sampling_rate: rate } = await this.#model.generate(sentence, options)
      if (!(audio instanceof Float32Array)) throw new TypeError(`it gave ${describe(audio)}`)
      return [rate, audioToInt16(audio)]
    } catch (cause) {
      throw failed('failed', cause)
    }
  }

  #checkName(voice: string): string {
    if (Object.hasOwn(this.#model.voices, voice)) return voice
    const known = Object.keys(this.#model.voices).join(', ')
    throw new RangeError(`Kokoro has no voice ${describe(voice)}; it has ${known}`)
  }
}

function failed(what: string, cause: unknown): SpeechModelError {
  return new SpeechModelError(`The model kokoro (${MODEL}) ${what}: ${messageOf(cause)}`, { cause })
}
