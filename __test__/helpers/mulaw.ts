/** Decodes 8-bit mu-law (ITU-T G.711, table 2a). */
export function decodeMulaw(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => {
    const code = ~byte & 0xff
    const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return (code & 0x80) === 0 ? magnitude : -magnitude
  })
}

/** Encodes 16-bit PCM as mu-law (ITU-T G.711, table 2a). */
export function encodeMulaw(samples: Int16Array): Uint8Array {
  return Uint8Array.from(samples, (sample) => {
    const biased = Math.min(Math.abs(sample), 32_635) + 0x84
    const exponent = Math.floor(Math.log2(biased)) - 7
    const code = (sample < 0 ? 0x80 : 0) | (exponent << 4) | ((biased >> (exponent + 3)) & 0x0f)
    return ~code & 0xff
  })
}

/** A tone at 8 kHz, as mu-law. */
export function mulawTone(hertz: number, seconds: number, amplitude = 8000): Uint8Array {
  const length = Math.round(seconds * 8000)
  return encodeMulaw(Int16Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * hertz * i) / 8000)))
}

/** Speech at a multiple of 8 kHz, as mu-law: each sample is the mean of those that it stands for, which is enough to be understood. */
export function mulawSpeech(samples: Int16Array, sampleRate: number): Uint8Array {
  const ratio = sampleRate / 8000
  const mean = (_: unknown, i: number): number =>
    samples.subarray(i * ratio, (i + 1) * ratio).reduce((sum, sample) => sum + sample, 0) / ratio
  return encodeMulaw(Int16Array.from({ length: Math.floor(samples.length / ratio) }, mean))
}
