import type { AudioFrame } from '../frames/audio-frame.ts'

/** What a synthesis may be given along. */
export interface TextToSpeechOptions {
  /** Gives up when it is aborted: the promise or the iteration rejects with the signal's reason. By default never. */
  signal?: AbortSignal
  /** Whose voice, by a name that the model knows; its own default when it is left out. */
  voice?: string
  /** How fast, as a factor: 1 is the voice's own pace. */
  speed?: number
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
