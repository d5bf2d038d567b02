import { channelsOf, type EmitAudio } from '../frames/audio-frame.ts'
import { checkAudio } from '../frames/check-audio.ts'
import { describe } from '../frames/describe.ts'
import { checkObject, wrongType } from '../stream/checks.ts'
import type { PauseDetectionModel, VadResult } from './pause-detection-model.ts'
import { SPEECH_RATE, speechOf } from './speech-of.ts'

/** What {@link EnergyVad} calls speech. */
export interface EnergyVadOptions {
  /** Level from which audio is speech: the mean square of 10 ms, in dB of full scale, -96 to 0; default -40. */
  thresholdDb?: number
}

const DEFAULT_THRESHOLD_DB = -40
/** Below what 16 bits can hold everything is silence. */
const LEAST_THRESHOLD_DB = -96
const WINDOWS_A_SECOND = 100
const FULL_SCALE = 32_768

/**
 * Calls loud audio speech: for tests, whose speech may be any tone, and for quiet rooms. It can't tell a voice from a door;
 * {@link SileroVad} can. Needs no native addon.
 */
export class EnergyVad implements PauseDetectionModel {
  /**
   * Finds what is loud.
   *
   * @param audio - of any rate and length; mono unless a third element says `'stereo'`, which is as loud as both channels are
   * on average
   * @param options - how loud speech is
   * @returns the loud stretches, to 10 ms, and how long they are in all
   * @throws TypeError or RangeError that names what is wrong with the audio or an option
   */
  vad(audio: EmitAudio, options: EnergyVadOptions = {}): VadResult {
    const threshold = checkThreshold(options)
    const { sampleRate, samples, layout } = checkAudio(audio)
    const channels = channelsOf(layout)
    const isLoud = windowsOf(samples, sampleRate * channels).map((window) => powerOf(window) >= threshold)
    const atEnd = (samples.length / channels / sampleRate) * SPEECH_RATE
    return speechOf(boundsOf(isLoud, Math.round(atEnd)))
  }

  /** Does nothing: there is nothing to load. */
  warmup(): void {}

  /**
   * Checks what a handler was given as `modelOptions`.
   *
   * @param options - {@link EnergyVadOptions}
   * @throws TypeError or RangeError naming what is wrong
   */
  checkOptions(options: unknown = {}): void {
    checkThreshold(options as EnergyVadOptions, 'modelOptions')
  }
}

/** The power, relative to full scale, from which audio is speech. */
function checkThreshold(options: EnergyVadOptions, group = ''): number {
  const { thresholdDb = DEFAULT_THRESHOLD_DB } = checkObject(group, options, ['thresholdDb'])
  const name = group === '' ? 'thresholdDb' : `${group}.thresholdDb`
  if (typeof thresholdDb !== 'number') throw wrongType(name, `a number from ${LEAST_THRESHOLD_DB} to 0`, thresholdDb)
  if (thresholdDb >= LEAST_THRESHOLD_DB && thresholdDb <= 0) return 10 ** (thresholdDb / 10)
  throw new RangeError(
    `The option ${name} must be a number from ${LEAST_THRESHOLD_DB} to 0 (dB of full scale), not ${describe(thresholdDb)}`,
  )
}

/** Pieces of 10 ms, the last one possibly shorter. */
function windowsOf(samples: Int16Array, samplesASecond: number): Int16Array[] {
  const count = Math.ceil((samples.length * WINDOWS_A_SECOND) / samplesASecond)
  const edge = (index: number): number => Math.round((index * samplesASecond) / WINDOWS_A_SECOND)
  return Array.from({ length: count }, (_, index) => samples.subarray(edge(index), edge(index + 1)))
}

function powerOf(window: Int16Array): number {
  let sum = 0
  for (const sample of window) sum += (sample / FULL_SCALE) ** 2
  // A rate below 100 Hz has windows without a sample.
  return sum / Math.max(1, window.length)
}

/** Where loud windows begin and end, in samples at {@link SPEECH_RATE}. */
function boundsOf(isLoud: readonly boolean[], end: number): number[] {
  const changes = isLoud.flatMap((loud, index) => (loud === (isLoud[index - 1] ?? false) ? [] : [index]))
  const bounds = changes.map((index) => (index * SPEECH_RATE) / WINDOWS_A_SECOND)
  return isLoud.at(-1) === true ? [...bounds, end] : bounds
}
