import { encodeWav } from '../audio-files/wav.ts'
import type { EmitAudio } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'
import { audioToInt16 } from '../frames/pcm.ts'
import { checkInteger, checkObject, checkSignal, checkWord, wrongType } from '../stream/checks.ts'
import { ServiceCall } from './service-call.ts'
import { SERVICE_OPTIONS, type ServiceSettings, serviceSettings, type SpeechServiceOptions } from './service-options.ts'
import { speechInput } from './speech-input.ts'
import type { SpeechToText, SpeechToTextOptions } from './speech-to-text.ts'
import { readTranscript, streamTranscript } from './transcript.ts'

/** How {@link openaiCompatibleStt} asks. */
export interface OpenaiCompatibleSttOptions extends SpeechServiceOptions {
  /** The language that is spoken, as the service wants it (ISO 639-1: `'en'`); by default it finds out. */
  language?: string
  /** Names and words that may come up, to help their spelling. */
  prompt?: string
  /** From 0, the default of most services, to 1: how freely the model guesses. */
  temperature?: number
  /** What is asked for: `'json'` by default; `'text'` and `'verbose_json'` for services that know nothing else. */
  responseFormat?: 'json' | 'text' | 'verbose_json'
  /** Speech of a higher rate is sent with this one, in Hz: 16,000 by default, which is what the models hear. 8,000 to 48,000. */
  sampleRate?: number
}

/** A transcription service. */
export interface OpenaiCompatibleStt extends SpeechToText {
  /**
   * Transcribes a piece of speech.
   *
   * @param audio - of any rate and length, mono unless a third element says `'stereo'`
   * @param options - `signal`
   * @returns what was said, trimmed; empty for empty audio, for which nobody is asked
   * @throws SpeechServiceError, TimeoutError, or the signal's reason
   */
  stt(audio: EmitAudio, options?: SpeechToTextOptions): Promise<string>

  /**
   * Transcribes a piece of speech, and hands over the words as they are written down. A service that can't do so hands them
   * over at once.
   *
   * @param audio - as for `stt`
   * @param options - `signal`
   * @returns pieces of the text; together they are the whole
   * @throws as `stt`
   */
  streamStt(audio: EmitAudio, options?: SpeechToTextOptions): AsyncGenerator<string, void, void>
}

/** What is asked of a service. */
interface Question {
  readonly settings: ServiceSettings
  readonly fields: Readonly<Record<string, string>>
  /** None of speech that is empty: then nobody is asked. */
  readonly file: File | undefined
  readonly signal: AbortSignal | undefined
}

const FORMATS = ['json', 'text', 'verbose_json'] as const
const OWN_OPTIONS = ['language', 'prompt', 'temperature', 'responseFormat', 'sampleRate']

/** Services refuse speech of less than 0.1 s, such as a "yes" that was cut close. */
const MIN_SECONDS = 0.1

/**
 * Speech-to-text by the HTTP API that OpenAI and many others speak, hosted or local (`POST /audio/transcriptions`;
 * platform.openai.com/docs/api-reference/audio/createTranscription). Nothing is asked twice.
 *
 * ```ts
 * const stt = openaiCompatibleStt({ baseURL: 'http://localhost:8000/v1', model: 'whisper-1' })
 * ```
 *
 * @param options - where the service is, and what it is asked for
 * @returns for `stt` and `streamStt`
 * @throws TypeError or RangeError naming an option that can't be, and never a key
 */
export function openaiCompatibleStt(options: OpenaiCompatibleSttOptions): OpenaiCompatibleStt {
  const given = checkObject('', options, [...SERVICE_OPTIONS, ...OWN_OPTIONS])
  const settings = serviceSettings(given, 'audio/transcriptions')
  const { sampleRate = 16_000 } = options
  checkInteger('sampleRate', sampleRate, [8000, 48_000])
  const fields = fieldsOf(options)
  const question = (audio: unknown, own: SpeechToTextOptions | undefined): Question => {
    return { settings, fields, file: speechFile(audio, sampleRate), signal: signalOf(own) }
  }
  return {
    stt: async (audio, own) => transcribe(question(audio, own)),
    streamStt: (audio, own) => stream(question(audio, own)),
  }
}

async function transcribe(question: Question): Promise<string> {
  const call = await ask(question)
  return call === undefined ? '' : readTranscript(call)
}

async function* stream(question: Question): AsyncGenerator<string, void, void> {
  const call = await ask({ ...question, fields: { ...question.fields, stream: 'true' } })
  if (call !== undefined) yield* streamTranscript(call)
}

async function ask({ settings, fields, file, signal }: Question): Promise<ServiceCall | undefined> {
  signal?.throwIfAborted()
  if (file === undefined) return undefined
  const form = new FormData()
  form.set('model', settings.model)
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('file', file)
  return ServiceCall.post(settings, form, signal)
}

function signalOf(options: SpeechToTextOptions = {}): AbortSignal | undefined {
  const { signal } = checkObject('', options, ['signal'])
  checkSignal(signal)
  return signal
}

function speechFile(audio: unknown, rate: number): File | undefined {
  const { sampleRate, samples } = speechInput(audio, rate, { keepLower: true })
  if (samples.length === 0) return undefined
  const padded = new Float32Array(Math.max(samples.length, Math.ceil(MIN_SECONDS * sampleRate)))
  padded.set(samples)
  const wav = encodeWav(audioToInt16(padded), sampleRate, 1) as Uint8Array<ArrayBuffer>
  return new File([wav], 'speech.wav', { type: 'audio/wav' })
}

function fieldsOf(options: OpenaiCompatibleSttOptions): Record<string, string> {
  const { language, prompt, temperature, responseFormat = 'json' } = options
  for (const [name, value] of Object.entries({ language, prompt })) {
    if (value !== undefined && typeof value !== 'string') throw wrongType(name, 'a string', value)
  }
  const format = checkWord('responseFormat', responseFormat, FORMATS)
  return {
    response_format: format,
    ...(language === undefined ? {} : { language }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(temperature === undefined ? {} : { temperature: checkTemperature(temperature) }),
  }
}

function checkTemperature(value: unknown): string {
  if (typeof value !== 'number') throw wrongType('temperature', 'a number from 0 to 1', value)
  if (value >= 0 && value <= 1) return String(value)
  throw new RangeError(`The option temperature must be a number from 0 to 1, not ${describe(value)}`)
}
