import type { AudioFrame } from '../frames/audio-frame.ts'

/** What a transcription may be given along. */
export interface SpeechToTextOptions {
  /** Gives up when it is aborted: the promise rejects with the signal's reason. By default never. */
  signal?: AbortSignal | undefined
}

/**
 * A model or service that writes down what is said.
 *
 * ```ts
 * const scripted: SpeechToText = { stt: async () => 'what is the time' }
 * ```
 */
export interface SpeechToText {
  /**
   * Transcribes a piece of speech, such as a turn.
   *
   * @param audio - mono, of any rate and length, and possibly empty; not to be modified
   * @param options - `signal`
   * @returns what was said, empty for no speech
   */
  stt(audio: AudioFrame, options?: SpeechToTextOptions): Promise<string>
}
