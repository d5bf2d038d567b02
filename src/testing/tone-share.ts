import { audibleWindows } from './spans.ts'

/** The share of a frame's power that a tone has when there is little else. */
const LITTLE_ELSE = 0.8
const FRAME_MS = 20

/**
 * The share of audible frames of 20 ms that are a tone and little else.
 *
 * @param samples - interleaved; the first channel counts
 * @param sampleRate - in Hz
 * @param channels - 1 or 2
 * @param hertz - the tone's frequency
 * @returns 0 to 1; 0 when no frame is audible
 */
export function toneShare(samples: Int16Array, sampleRate: number, channels: number, hertz: number): number {
  const length = Math.round((sampleRate * FRAME_MS) / 1000) * channels
  const audible = audibleWindows(samples, sampleRate, channels)
  let [heard, tones] = [0, 0]
  for (let frame = 0; (frame + 1) * length <= samples.length; frame++) {
    // Half a frame at the edge of a tone is neither the tone nor something else.
    if (audible[2 * frame] !== true || audible[2 * frame + 1] !== true) continue
    heard++
    const part = samples.subarray(frame * length, (frame + 1) * length)
    if (presence(part, channels, hertz / sampleRate) > LITTLE_ELSE) tones++
  }
  return heard === 0 ? 0 : tones / heard
}

/** The share of the power that a frequency has (Goertzel's algorithm). */
function presence(samples: Int16Array, channels: number, turns: number): number {
  const turn = 2 * Math.cos(2 * Math.PI * turns)
  let [one, two, power] = [0, 0, 0]
  for (let i = 0; i < samples.length; i += channels) {
    const sample = samples[i] as number
    power += sample * sample
    ;[one, two] = [sample + turn * one - two, one]
  }
  const atFrequency = one * one + two * two - turn * one * two
  return (2 * atFrequency) / Math.max(1, (samples.length / channels) * power)
}
