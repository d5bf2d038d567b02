import { type EmitAudio, channelsOf } from '../frames/audio-frame.ts'
import { audioToInt16 } from '../frames/pcm.ts'
import { rootMeanSquare } from './spans.ts'

/** Of an envelope, in ms. */
const STEP_MS = 2
/** Longer sounds are told by their first part. */
const MAX_STEPS = 2000 / STEP_MS
/** Silence around a sound, which tells its beginning and its end. */
const MARGIN = 100 / STEP_MS
/** How alike two envelopes have to be, 1 being the same. */
const ALIKE = 0.7

/**
 * How far into a recording a sound begins, by the envelopes of both.
 *
 * @param sound - what to look for
 * @param recording - where
 * @returns ms, or undefined when it isn't there
 */
export function delayBetween(sound: EmitAudio, recording: EmitAudio): number | undefined {
  const quiet = new Float64Array(MARGIN)
  const whole = envelope(sound)
  const end = whole.length > MAX_STEPS ? [] : quiet
  const wanted = Float64Array.from([...quiet, ...whole.subarray(0, MAX_STEPS), ...end])
  const heard = Float64Array.from([...quiet, ...envelope(recording), ...quiet])
  let [best, at] = [ALIKE, -1]
  for (let lag = 0; lag + wanted.length <= heard.length; lag++) {
    const likeness = correlation(wanted, heard.subarray(lag, lag + wanted.length))
    if (likeness > best) [best, at] = [likeness, lag]
  }
  return at === -1 ? undefined : at * STEP_MS
}

function envelope([sampleRate, samples, layout = 'mono']: EmitAudio): Float64Array {
  const pcm = audioToInt16(samples)
  const channels = channelsOf(layout)
  const edge = (step: number): number => Math.round((step * STEP_MS * sampleRate) / 1000) * channels
  const steps = Math.floor(((pcm.length / channels / sampleRate) * 1000) / STEP_MS)
  return Float64Array.from({ length: steps }, (_, step) => rootMeanSquare(pcm.subarray(edge(step), edge(step + 1))))
}

/** Pearson's coefficient. */
function correlation(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  let [product, squareA, squareB] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [(a[i] as number) - meanA, (b[i] as number) - meanB]
    product += x * y
    squareA += x * x
    squareB += y * y
  }
  return product / Math.max(1e-9, Math.sqrt(squareA * squareB))
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
