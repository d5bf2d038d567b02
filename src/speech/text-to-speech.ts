import type { AudioFrame } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'
import { wrongType } from '../stream/checks.ts'

/** What a synthesis may be given along. */
export interface TextToSpeechOptions {
  /** Gives up when it is aborted: the promise or the iteration rejects with the signal's reason. By default never. */
  signal?: AbortSignal | undefined
  /** Whose voice, by a name that the model knows; its own default when it is left out. */
  voice?: string | undefined
  /** How fast, as a factor from 0.25 to 4; 1, the voice's own pace, by default. */
  speed?: number | undefined
}

/**
 * A model or service that speaks.
 *
 * ```ts
 * for await (const audio of model.streamTts('Good morning.', { signal })) yield audio
 * ```
 */
export interface TextToSpeech {
  /**
   * Speaks a text, and hands it over as one piece.
   *
   * @param text - a word, a sentence or more
   * @param options - `signal`, `voice`, `speed`
   * @returns mono audio at the model's rate; empty for a text without words
   */
  tts(text: string, options?: TextToSpeechOptions): Promise<AudioFrame>

  /**
   * Speaks a text, and hands over pieces as soon as they are there. Leaving the loop stops the synthesis.
   *
   * @param text - a word, a sentence or more
   * @param options - `signal`, `voice`, `speed`
   * @returns mono audio at the model's rate, in pieces of any length
   */
  streamTts(text: string, options?: TextToSpeechOptions): AsyncIterable<AudioFrame>
}

/**
 * The options that every voice has.
 *
 * @param options - as a user gave them
 * @throws TypeError or RangeError naming the value
 */
export function checkVoice({ voice, speed = 1 }: { voice?: unknown; speed?: unknown }): void {
  if (voice !== undefined && (typeof voice !== 'string' || voice === '')) throw wrongType('voice', 'a name', voice)
  if (typeof speed !== 'number') throw wrongType('speed', 'a number from 0.25 to 4', speed)
  if (speed >= 0.25 && speed <= 4) return
  throw new RangeError(`The option speed must be a number from 0.25 to 4, not ${describe(speed)}`)
}

/**
 * Whether there is anything to say.
 *
 * @param text - as a user gave it
 * @returns whether it has a letter or a digit
 * @throws TypeError naming what is no text
 */
export function hasWords(text: unknown): text is string {
  if (typeof text === 'string') return /[\p{L}\p{N}]/u.test(text)
  throw new TypeError(`The text to speak must be a string, not ${describe(text)}`)
}
