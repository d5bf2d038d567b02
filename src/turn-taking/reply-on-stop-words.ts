import { describe } from '../frames/describe.ts'
import type { SpeechToText } from '../speech/speech-to-text.ts'
import type { ReplyContext, ReplyFunction } from './reply-context.ts'
import { mustOverrideCopy, ReplyOnPause } from './reply-on-pause.ts'
import { StopWords } from './stop-words.ts'
import type { ReplyOnPauseOptions } from './turn-settings.ts'

/** How `ReplyOnStopWords` takes turns. Only `stt` is needed. */
export interface ReplyOnStopWordsOptions extends ReplyOnPauseOptions {
  /** Writes down what is said, so that stop words are found in it. */
  stt: SpeechToText
}

/**
 * As {@link ReplyOnPause}, but it replies only when a stop word was said: while somebody speaks, and when they pause, the last 2
 * seconds are transcribed and looked through.
 *
 * ```ts
 * new ReplyOnStopWords(reply, ['computer', 'hey llama'], { stt: await getSttModel('moonshine/base'), needsContext: true })
 * ```
 *
 * Upper and lower case are the same, words must be whole, and punctuation is ignored. The client gets a `stopword` message. When
 * words follow in the same breath, the reply comes at the next pause, and its audio begins at most 2 seconds before the stop
 * word's end, with the stop word in it, so that no word behind it is lost; else it is what is said next. While a reply plays, a
 * stop word interrupts it, and nothing else does.
 */
export class ReplyOnStopWords extends ReplyOnPause {
  /** The words and phrases, as they were given. */
  readonly stopWords: readonly string[]
  /** Writes down what is said. */
  readonly stt: SpeechToText

  /**
   * @param fn - replies, given what was said and its context
   * @param stopWords - words, or phrases of several words
   * @param options - the transcription, and how turns are taken
   * @throws TypeError or RangeError naming the value that can't be used, or the option that doesn't exist
   */
  constructor(
    fn: ReplyFunction<[context: ReplyContext]>,
    stopWords: readonly string[],
    options: ReplyOnStopWordsOptions & { needsContext: true; needsArgs?: false },
  )
  /**
   * @param fn - replies, given what was said
   * @param stopWords - words, or phrases of several words
   * @param options - the transcription, and how turns are taken
   * @throws as above
   */
  constructor(
    fn: ReplyFunction<[]>,
    stopWords: readonly string[],
    options: ReplyOnStopWordsOptions & { needsContext?: false; needsArgs?: false },
  )
  /**
   * @param fn - replies, given what was said, then the additional arguments, then the context with `needsContext`
   * @param stopWords - words, or phrases of several words
   * @param options - the transcription, and how turns are taken
   * @throws as above
   */
  constructor(fn: ReplyFunction, stopWords: readonly string[], options: ReplyOnStopWordsOptions & { needsArgs: true })
  /**
   * @param fn - replies, given what was said; or any that replies, for a subclass that doesn't know which
   * @param stopWords - words, or phrases of several words
   * @param options - the transcription, and how turns are taken
   * @throws as above
   */
  constructor(fn: ReplyFunction<[]>, stopWords: readonly string[], options: ReplyOnStopWordsOptions)
  constructor(fn: ReplyFunction, stopWords: readonly string[], options: ReplyOnStopWordsOptions) {
    const { stt, ...more } = Object(options) as ReplyOnStopWordsOptions
    super(fn, more)
    void new StopWords(stopWords)
    this.stopWords = stopWords
    this.stt = checkStt(stt)
  }

  override copy(): ReplyOnStopWords {
    const own = this.constructor as new (
      fn: ReplyFunction,
      stopWords: readonly string[],
      options: ReplyOnStopWordsOptions,
    ) => ReplyOnStopWords
    const { fn, stopWords, options, stt } = this
    if (own === ReplyOnStopWords || own.length === 0) return new own(fn, stopWords, { ...options, stt })
    throw mustOverrideCopy(own.name)
  }
}

function checkStt(stt: unknown): SpeechToText {
  if (typeof (Object(stt) as Partial<SpeechToText>).stt === 'function') return stt as SpeechToText
  throw new TypeError(
    `ReplyOnStopWords needs the option stt, an object with a method stt(audio) that resolves to what was said, not ${describe(stt)}: ` +
      "pass await getSttModel('moonshine/base'), openaiCompatibleStt({ … }) or one of your own",
  )
}
