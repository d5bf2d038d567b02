import type { AudioFrame } from '../frames/audio-frame.ts'

/** A stretch of speech: positions in samples at 16 kHz, whatever the rate of the audio it was found in. */
export interface SpeechChunk {
  /** Its first sample. */
  start: number
  /** The sample after its last. */
  end: number
}

/** Where speech is in a piece of audio. */
export interface VadResult {
  /** Seconds of speech in all: the lengths of the chunks added up. */
  duration: number
  /** The stretches of speech in order; they don't overlap. */
  chunks: SpeechChunk[]
}

/**
 * A model that finds speech in audio, for turn-taking.
 *
 * ```ts
 * const deaf: PauseDetectionModel = { vad: () => ({ duration: 0, chunks: [] }), warmup() {} }
 * ```
 */
export interface PauseDetectionModel {
  /**
   * Finds the speech in a piece of audio.
   *
   * @param audio - mono, of any rate and length; not to be modified
   * @param options - what was given as `modelOptions`
   * @returns the stretches of speech and how long they are in all
   */
  vad(audio: AudioFrame, options?: unknown): VadResult | Promise<VadResult>

  /** Loads what the first call of `vad` would otherwise wait for. */
  warmup(): void | Promise<void>

  /**
   * Checks what was given as `modelOptions`, once, where the handler is made: a mistake is told there and not in a call.
   *
   * @param options - as the user gave them; undefined without
   * @throws TypeError or RangeError naming the option, its value and the remedy
   */
  checkOptions?(options: unknown): void
}
