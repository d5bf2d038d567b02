/**
 * Makes 16-bit PCM of samples, as it goes over the wire.
 *
 * @param samples - from -1 to 1; what lies beyond is cut off
 * @returns two bytes for each, the lower one first
 */
export function toPcm(samples: Float32Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(samples.length * 2))
  samples.forEach((sample, index) => {
    const bounded = Math.max(-1, Math.min(1, sample))
    view.setInt16(index * 2, Math.round(bounded * 32_767), true)
  })
  return view.buffer
}

/**
 * Reads 16-bit PCM from the wire.
 *
 * @param bytes - two for each sample, the lower one first; an odd one at the end is left out
 * @returns samples from -1 to 1
 */
export function fromPcm(bytes: ArrayBuffer): Float32Array {
  const view = new DataView(bytes)
  return Float32Array.from(
    { length: Math.floor(bytes.byteLength / 2) },
    (_, index) => view.getInt16(index * 2, true) / 32_768,
  )
}
