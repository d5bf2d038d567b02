import { channelsOf, type EmitAudio } from '../frames/audio-frame.ts'
import { checkAudio } from '../frames/check-audio.ts'
import { findSpeech, type SpeechSearch } from '../native/find-speech.ts'
import type { PauseDetectionModel, VadResult } from './pause-detection-model.ts'
import { resolveSileroOptions, type SileroVadOptions } from './silero-options.ts'
import { speechOf } from './speech-of.ts'

/**
 * Silero VAD 6.2.3: a small neural network that knows speech from other sounds, at any loudness and in noise. It runs in the
 * native core, with its weights inside the package; a second of audio takes about 1 ms.
 *
 * ```ts
 * const { duration, chunks } = await new SileroVad().vad([48_000, samples])
 * ```
 */
export class SileroVad implements PauseDetectionModel {
  /**
   * Finds the speech in a whole piece of audio, off the JavaScript thread, as Silero's `get_speech_timestamps` does: each
   * call begins anew.
   *
   * @param audio - 8,000 to 192,000 Hz, of any length; mono unless a third element says `'stereo'`, whose channels are
   * averaged
   * @param options - what counts as speech
   * @returns the stretches of speech, longer by `speechPadMs` at both ends, and how long they are in all
   * @throws TypeError or RangeError that names what is wrong with the audio or an option; AddonMissingError without the
   * native addon
   */
  async vad(audio: EmitAudio, options?: SileroVadOptions): Promise<VadResult> {
    const search = searchFor(resolveSileroOptions('', options))
    const { sampleRate, samples, layout } = checkAudio(audio)
    // Here, for the native side counts Hz in 32 bits.
    if (sampleRate < 8000 || sampleRate > 192_000) {
      throw new RangeError(`The sample rate must be from 8,000 to 192,000 Hz, not ${sampleRate}`)
    }
    return speechOf(await findSpeech(samples, sampleRate, channelsOf(layout), search))
  }

  /**
   * Loads the native addon and the weights.
   *
   * @throws AddonMissingError without the native addon
   */
  async warmup(): Promise<void> {
    await this.vad([16_000, new Int16Array(512)])
  }
}

function searchFor(options: Required<SileroVadOptions>): SpeechSearch {
  const { threshold, minSpeechDurationMs, minSilenceDurationMs, speechPadMs, maxSpeechDurationS } = options
  return {
    threshold,
    minSpeechMs: minSpeechDurationMs,
    minSilenceMs: minSilenceDurationMs,
    padMs: speechPadMs,
    ...(maxSpeechDurationS === Infinity ? {} : { maxSpeechMs: maxSpeechDurationS * 1000 }),
  }
}
