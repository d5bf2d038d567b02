import { loadBinding } from './binding.ts'
import { mapError } from './map-error.ts'

/**
 * Encodes PCM as an Ogg Opus file (RFC 7845), off the JavaScript thread.
 *
 * @param samples - interleaved signed 16-bit PCM
 * @param sampleRate - 8,000 to 192,000 Hz
 * @param channels - 1 or 2
 * @param bitrate - 6,000 to 510,000 bit/s
 * @returns the whole file
 * @throws AddonMissingError, or RangeError naming what is out of range
 */
export async function encodeOggOpus(
  samples: Int16Array,
  sampleRate: number,
  channels: number,
  bitrate: number,
): Promise<Uint8Array> {
  const { encodeOggOpusFile } = await loadBinding()
  try {
    return await encodeOggOpusFile(samples, sampleRate, channels, bitrate)
  } catch (error) {
    throw mapError(error)
  }
}
