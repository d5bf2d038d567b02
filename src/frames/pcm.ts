import { describe } from './describe.ts'

/**
 * Converts PCM to floats from -1 to 1 by dividing by 32,768.
 *
 * @param samples - signed 16-bit PCM; floats are returned as they are, not copied
 * @returns as many floats
 * @throws TypeError for any other type, naming it
 */
export function audioToFloat32(samples: Int16Array | Float32Array): Float32Array {
  if (samples instanceof Float32Array) return samples
  if (!(samples instanceof Int16Array)) throw wrongSamples('audioToFloat32', samples)
  const floats = new Float32Array(samples.length)
  for (let i = 0; i < samples.length; i++) floats[i] = (samples[i] as number) / 32768
  return floats
}

/**
 * Converts floats from -1 to 1 to PCM by multiplying by 32,767 and dropping the fraction. Values outside that range are
 * clipped, and what is no number becomes 0.
 *
 * @param samples - floats; signed 16-bit PCM is returned as it is, not copied
 * @returns as many samples of signed 16-bit PCM
 * @throws TypeError for any other type, naming it
 */
export function audioToInt16(samples: Int16Array | Float32Array): Int16Array {
  if (samples instanceof Int16Array) return samples
  if (!(samples instanceof Float32Array)) throw wrongSamples('audioToInt16', samples)
  const pcm = new Int16Array(samples.length)
  for (let i = 0; i < samples.length; i++) {
    pcm[i] = Math.max(-32768, Math.min(32767, (samples[i] as number) * 32767))
  }
  return pcm
}

function wrongSamples(name: string, value: unknown): TypeError {
  return new TypeError(`${name} takes an Int16Array or a Float32Array, not ${describe(value)}`)
}
