/** A stretch of a call, in ms since it was connected. */
export interface Span {
  /** Where it begins. */
  readonly fromMs: number
  /** Where it ends. */
  readonly toMs: number
}

/** Root mean square of 16-bit samples from which on a sound is audible: -50 dB of full scale. */
const AUDIBLE = 32_768 * 10 ** (-50 / 20)

/** Length of a window in which sound or silence is told, in ms. */
export const WINDOW_MS = 10

/**
 * Root mean square of samples.
 *
 * @param samples - interleaved or not
 * @returns 0 to 32,768; 0 for none
 */
export function rootMeanSquare(samples: Int16Array): number {
  let power = 0
  for (const sample of samples) power += sample * sample
  return Math.sqrt(power / Math.max(samples.length, 1))
}

/**
 * Which windows of 10 ms can be heard.
 *
 * @param samples - interleaved
 * @param sampleRate - in Hz
 * @param channels - 1 or 2
 * @returns one value for each whole window
 */
export function audibleWindows(samples: Int16Array, sampleRate: number, channels: number): boolean[] {
  const length = Math.round((sampleRate * WINDOW_MS) / 1000) * channels
  const count = Math.floor(samples.length / length)
  return Array.from(
    { length: count },
    (_, i) => rootMeanSquare(samples.subarray(i * length, (i + 1) * length)) > AUDIBLE,
  )
}

/**
 * The stretches of sound.
 *
 * @param audible - for each window whether it can be heard
 * @param beginOf - when a window begins, in ms
 * @param endOf - when it ends, in ms
 * @param mergeMs - silences up to that long are part of the sound around them
 * @returns in order
 */
export function soundSpans(
  audible: readonly boolean[],
  beginOf: (window: number) => number,
  endOf: (window: number) => number,
  mergeMs = 0,
): Span[] {
  const spans: Span[] = []
  for (const [window, isAudible] of audible.entries()) {
    if (!isAudible) continue
    const [fromMs, toMs] = [beginOf(window), endOf(window)]
    const last = spans.at(-1)
    if (last !== undefined && fromMs - last.toMs <= mergeMs + 0.5)
      spans[spans.length - 1] = { fromMs: last.fromMs, toMs }
    else spans.push({ fromMs, toMs })
  }
  return spans
}

/**
 * What lies between stretches.
 *
 * @param spans - in order
 * @returns the gaps, in order
 */
export function gapsBetween(spans: readonly Span[]): Span[] {
  return spans.slice(1).map((span, i) => ({ fromMs: (spans[i] as Span).toMs, toMs: span.fromMs }))
}

/**
 * How long a stretch is.
 *
 * @param span - the stretch
 * @returns ms
 */
export function lengthOf({ fromMs, toMs }: Span): number {
  return toMs - fromMs
}
