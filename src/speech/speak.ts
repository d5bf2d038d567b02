import type { AudioFrame } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'
import { PlayedMark } from '../frames/played-mark.ts'
import { checkBoolean, checkObject, checkSignal } from '../stream/checks.ts'
import { abortable } from './abortable.ts'
import { readAhead } from './read-ahead.ts'
import { splitSentences, type TextSource, tokensOf } from './split-sentences.ts'
import { checkVoice, type TextToSpeech, type TextToSpeechOptions } from './text-to-speech.ts'

/** How {@link speak} speaks; `voice` and `speed` go to the model. */
export interface SpeakOptions extends TextToSpeechOptions {
  /**
   * Whether a {@link PlayedMark} named by the sentence follows each sentence's audio, to tell what was heard of an answer
   * that was interrupted. Default false.
   */
  marks?: boolean
}

/** Sentences that wait to be spoken. Then the language model waits too. */
const SENTENCES_AHEAD = 4
/** Audio that waits to be heard, in seconds. Then the speech model waits too, and so does what comes before it. */
const SECONDS_AHEAD = 10

/**
 * Speaks a text while it is still being written: an answer of a language model, as one line of a reply.
 *
 * ```ts
 * yield* speak(answer(question), tts, { signal })
 * ```
 *
 * Each sentence is spoken as soon as it is whole, in order, while the one before it is heard; up to four sentences and
 * 10 s of audio are made ahead. An error of the text or of the model comes after the audio of what was before it. When the
 * signal is aborted, or the loop is left, the text and the model are stopped; the signal does so at once, even while
 * they are waited for.
 *
 * @param text - whole, or its tokens
 * @param tts - what speaks
 * @param options - `signal`, `voice`, `speed`, `marks`
 * @returns audio to yield, in pieces of any length
 * @throws TypeError or RangeError for wrong arguments, at once; when iterated, the signal's reason once it is aborted, and
 * whatever the text and the model throw
 */
export function speak(
  text: TextSource,
  tts: Pick<TextToSpeech, 'streamTts'>,
  options?: SpeakOptions & { marks?: false },
): AsyncGenerator<AudioFrame, void, void>
/**
 * The same with marks.
 *
 * @param text - whole, or its tokens
 * @param tts - what speaks
 * @param options - with `marks: true`
 * @returns audio and marks to yield
 */
export function speak(
  text: TextSource,
  tts: Pick<TextToSpeech, 'streamTts'>,
  options: SpeakOptions,
): AsyncGenerator<AudioFrame | PlayedMark, void, void>
/**
 * @param text - whole, or its tokens
 * @param tts - what speaks
 * @param options - any
 */
export function speak(
  text: TextSource,
  tts: Pick<TextToSpeech, 'streamTts'>,
  options: SpeakOptions = {},
): AsyncGenerator<AudioFrame | PlayedMark, void, void> {
  tokensOf(text)
  checkTts(tts)
  checkObject('', options, ['signal', 'voice', 'speed', 'marks'])
  checkSignal(options.signal)
  checkVoice(options)
  checkBoolean('marks', options.marks ?? false)
  return speakChecked(text, tts, options)
}

async function* speakChecked(
  text: TextSource,
  tts: Pick<TextToSpeech, 'streamTts'>,
  { signal, ...options }: SpeakOptions,
): AsyncGenerator<AudioFrame | PlayedMark, void, void> {
  const stop = new AbortController()
  const abort = (): void => stop.abort(signal?.reason)
  if (signal?.aborted === true) abort()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const written = splitSentences(abortable(tokensOf(text) as AsyncIterable<string>, stop.signal))
    const sentences = readAhead(written, { room: SENTENCES_AHEAD, weigh: () => 1 }, stop.signal)
    const spoken = speakSentences(sentences, tts, options, stop.signal)
    yield* readAhead(spoken, { room: SECONDS_AHEAD, weigh: secondsOf }, stop.signal)
  } finally {
    signal?.removeEventListener('abort', abort)
    stop.abort()
  }
}

async function* speakSentences(
  sentences: AsyncIterable<string>,
  tts: Pick<TextToSpeech, 'streamTts'>,
  { marks = false, ...options }: SpeakOptions,
  signal: AbortSignal,
): AsyncGenerator<AudioFrame | PlayedMark, void, void> {
  for await (const sentence of sentences) {
    yield* abortable(checkSpeech(tts.streamTts(sentence, { ...options, signal })), signal)
    if (marks) yield new PlayedMark(sentence)
  }
}

function checkSpeech(speech: AsyncIterable<AudioFrame>): AsyncIterable<AudioFrame> {
  if (Symbol.asyncIterator in Object(speech) || Symbol.iterator in Object(speech)) return speech
  throw new TypeError(`streamTts must return an async iterable of audio, not ${describe(speech)}`)
}

/** What is no audio weighs nothing here, and is refused where it is emitted. */
function secondsOf(part: AudioFrame | PlayedMark): number {
  if (part instanceof PlayedMark || !Array.isArray(part)) return 0
  const [sampleRate = 0, samples] = part as Partial<AudioFrame>
  const seconds = (samples?.length ?? 0) / sampleRate
  return Number.isFinite(seconds) ? seconds : 0
}

function checkTts(tts: unknown): void {
  if (tts instanceof Object && 'streamTts' in tts && typeof tts.streamTts === 'function') return
  const hint = tts instanceof Promise ? ': await it first' : ''
  throw new TypeError(`speak needs a TextToSpeech, with a method streamTts, not ${describe(tts)}${hint}`)
}
