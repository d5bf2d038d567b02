/** How the channels of interleaved PCM are laid out: one channel, or left and right in turn. */
export type Layout = 'mono' | 'stereo'

/**
 * A piece of audio as a handler receives it: the sample rate in Hz, and signed 16-bit PCM. Samples are interleaved when
 * the layout is stereo. A received frame is 20 ms long, and its array is fresh: a handler may keep or change it.
 */
export type AudioFrame = readonly [sampleRate: number, samples: Int16Array]

/**
 * A piece of audio as a handler may emit it: any length and any sample rate from 8,000 to 192,000 Hz, as signed 16-bit
 * PCM or as floats from -1 to 1. The third element says how the samples are laid out; without it they have the
 * handler's `expectedLayout`, so that a received frame may be emitted as it is.
 */
export type EmitAudio =
  | readonly [sampleRate: number, samples: Int16Array | Float32Array]
  | readonly [sampleRate: number, samples: Int16Array | Float32Array, layout: Layout]

/**
 * Number of channels of a layout.
 *
 * @param layout - `'mono'` or `'stereo'`
 * @returns 1 or 2
 */
export function channelsOf(layout: Layout): 1 | 2 {
  return layout === 'stereo' ? 2 : 1
}
