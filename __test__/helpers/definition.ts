/** How likely it is that a frame is speech. */
export interface JudgedFrame {
  /** Where it begins, in seconds of stream time. */
  readonly begin: number
  /** 0 to 1. */
  readonly probability: number
}

/** The options that say what a pause is, in seconds, with their defaults. */
interface Definition {
  readonly audioChunkDuration?: number
  readonly startedTalkingThreshold?: number
  readonly speechThreshold?: number
  readonly threshold?: number
}

/** How long a frame is, in seconds. */
export const FRAME = 0.032
/** By so much less than the threshold speech goes on (Silero's rule). */
const HYSTERESIS = 0.15

/**
 * When the definition of a pause is true, by the words of the documentation and not by the code: in the last
 * `audioChunkDuration` seconds there has been more speech than `startedTalkingThreshold`, and then less than
 * `speechThreshold`.
 *
 * @returns where the stream was each time, in seconds
 */
export function definedPauses(frames: readonly JudgedFrame[], definition: Definition = {}): number[] {
  const { audioChunkDuration: window = 0.6, threshold = 0.5 } = definition
  const { startedTalkingThreshold: started = 0.2, speechThreshold: pause = 0.1 } = definition
  const spoken: number[] = []
  const pauses: number[] = []
  let [isSpeech, hasStarted] = [false, false]
  for (const { begin, probability } of frames) {
    const end = begin + FRAME
    isSpeech = probability >= (isSpeech ? threshold - HYSTERESIS : threshold)
    if (isSpeech) spoken.push(end)
    const speech = spoken.reduce((sum, at) => sum + Math.max(0, Math.min(FRAME, at - (end - window))), 0)
    if (hasStarted && speech < pause) pauses.push(end)
    hasStarted = hasStarted ? speech >= pause : speech > started
  }
  return pauses
}
