import type { AudioFrame } from '../frames/audio-frame.ts'
import { checkInteger, checkObject, checkSignal, checkWord, wrongType } from '../stream/checks.ts'
import { joinAudio } from './join-audio.ts'
import { readSpeech } from './read-speech.ts'
import { ServiceCall } from './service-call.ts'
import { SERVICE_OPTIONS, serviceSettings, type SpeechServiceOptions } from './service-options.ts'
import { checkVoice, hasWords, type TextToSpeech, type TextToSpeechOptions } from './text-to-speech.ts'

/** How {@link openaiCompatibleTts} asks. */
export interface OpenaiCompatibleTtsOptions extends SpeechServiceOptions {
  /** Whose voice, by the service's name for it, such as `'alloy'`; some services have a default, OpenAI's has none. */
  voice?: string
  /** How fast, as a factor from 0.25 to 4; 1 by default. */
  speed?: number
  /** How to speak, in words, for models that heed it. */
  instructions?: string
  /** What is asked for: `'pcm'`, the default, or `'wav'` for services that know no PCM. Both are heard as they arrive. */
  responseFormat?: 'pcm' | 'wav'
  /** Rate of the service's PCM, in Hz, unless its answer says: 24,000 by default, which is OpenAI's. 8,000 to 192,000. */
  sampleRate?: number
}

const FORMATS = ['pcm', 'wav'] as const
const OWN_OPTIONS = ['voice', 'speed', 'instructions', 'responseFormat', 'sampleRate']

/**
 * Text-to-speech by the HTTP API that OpenAI and many others speak, hosted or local (`POST /audio/speech`;
 * platform.openai.com/docs/api-reference/audio/createSpeech). Audio is handed over while it arrives. Nothing is asked twice,
 * and a text without letters and digits isn't asked for at all.
 *
 * ```ts
 * const tts = openaiCompatibleTts({ baseURL: 'https://api.openai.com/v1', apiKey, model: 'gpt-4o-mini-tts', voice: 'alloy' })
 * ```
 *
 * @param options - where the service is, and what it is asked for
 * @returns for `tts`, `streamTts` and `speak`; their `voice` and `speed` go before those given here. They throw
 * SpeechServiceError, TimeoutError, or the signal's reason
 * @throws TypeError or RangeError naming an option that can't be, and never a key
 */
export function openaiCompatibleTts(options: OpenaiCompatibleTtsOptions): TextToSpeech {
  const given = checkObject('', options, [...SERVICE_OPTIONS, ...OWN_OPTIONS])
  const settings = serviceSettings(given, 'audio/speech')
  const { sampleRate = 24_000, responseFormat = 'pcm', instructions, voice, speed } = options
  checkInteger('sampleRate', sampleRate, [8000, 192_000])
  const format = checkWord('responseFormat', responseFormat, FORMATS)
  checkVoice(options)
  if (instructions !== undefined && typeof instructions !== 'string')
    throw wrongType('instructions', 'a string', instructions)
  const fixed = { model: settings.model, response_format: format, instructions }
  async function* speech(text: string, own: TextToSpeechOptions): AsyncGenerator<AudioFrame, void, void> {
    own.signal?.throwIfAborted()
    if (!hasWords(text)) return
    // JSON leaves out what is undefined.
    const body = { ...fixed, input: text, voice: own.voice ?? voice, speed: own.speed ?? speed }
    yield* readSpeech(await ServiceCall.post(settings, body, own.signal), sampleRate)
  }
  return {
    streamTts: (text, own) => speech(checkText(text), checkOwn(own)),
    tts: async (text, own) => joinAudio(speech(checkText(text), checkOwn(own)), sampleRate),
  }
}

function checkText(text: string): string {
  hasWords(text)
  return text
}

function checkOwn(options: TextToSpeechOptions = {}): TextToSpeechOptions {
  checkObject('', options, ['signal', 'voice', 'speed'])
  checkSignal(options.signal)
  checkVoice(options)
  return options
}
