const HEADER_BYTES = 44

/**
 * Wraps PCM in a WAV file: RIFF, 16-bit linear PCM (format 1), little-endian.
 *
 * @param samples - interleaved signed 16-bit PCM
 * @param sampleRate - in Hz
 * @param channels - 1 or 2
 * @returns the whole file
 */
export function encodeWav(samples: Int16Array, sampleRate: number, channels: number): Uint8Array {
  const bytes = samples.length * 2
  const file = new Uint8Array(HEADER_BYTES + bytes)
  const view = new DataView(file.buffer)
  writeHeader(view, bytes, sampleRate, channels)
  for (let i = 0; i < samples.length; i++) view.setInt16(HEADER_BYTES + i * 2, samples[i] as number, true)
  return file
}

function writeHeader(view: DataView, dataBytes: number, sampleRate: number, channels: number): void {
  writeTag(view, 0, 'RIFF')
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true)
  writeTag(view, 8, 'WAVEfmt ')
  view.setUint32(16, 16, true) // length of the fmt chunk
  view.setUint16(20, 1, true) // linear PCM
  view.setUint16(22, channels, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * channels * 2, true) // bytes a second
  view.setUint16(32, channels * 2, true) // bytes a sample of all channels
  view.setUint16(34, 16, true) // bits a sample
  writeTag(view, 36, 'data')
  view.setUint32(40, dataBytes, true)
}

function writeTag(view: DataView, at: number, tag: string): void {
  for (let i = 0; i < tag.length; i++) view.setUint8(at + i, tag.charCodeAt(i))
}
