import type { EmitAudio } from '../frames/audio-frame.ts'

/** Of a `fmt ` chunk: plain PCM, and "see the extension", whose first two bytes then say the same. */
const PCM = 1
const EXTENSIBLE = 0xfffe

interface Chunk {
  readonly tag: string
  readonly data: DataView
}

/**
 * Reads a WAV file: 16-bit linear PCM of any rate, mono or stereo.
 *
 * @param file - the whole file
 * @returns its audio
 * @throws TypeError that says what about the file can't be read
 */
export function readWav(file: Uint8Array): EmitAudio {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (view.byteLength < 12 || tagAt(view, 0) !== 'RIFF' || tagAt(view, 8) !== 'WAVE') {
    throw new TypeError(`This is no WAV file: its ${file.byteLength} bytes don't begin with RIFF and WAVE`)
  }
  const found = chunks(view)
  const [format, data] = ['fmt ', 'data'].map((tag) => found.find((chunk) => chunk.tag === tag)?.data)
  if (format === undefined || data === undefined) throw new TypeError('The WAV file has no fmt or no data chunk')
  const { sampleRate, channels } = readFormat(format)
  const length = Math.floor(data.byteLength / 2 / channels) * channels
  const samples = Int16Array.from({ length }, (_, i) => data.getInt16(i * 2, true))
  return [sampleRate, samples, channels === 2 ? 'stereo' : 'mono']
}

function readFormat(format: DataView): { sampleRate: number; channels: number } {
  if (format.byteLength < 16) throw new TypeError('The WAV file has a fmt chunk that is too short')
  const tag = format.getUint16(0, true)
  const kind = tag === EXTENSIBLE && format.byteLength >= 26 ? format.getUint16(24, true) : tag
  const [channels, sampleRate, bits] = [
    format.getUint16(2, true),
    format.getUint32(4, true),
    format.getUint16(14, true),
  ]
  if (kind !== PCM || bits !== 16 || channels < 1 || channels > 2) {
    throw new TypeError(
      `The WAV file must be 16-bit PCM, mono or stereo; it has format ${kind}, ${bits} bits and ${channels} channels`,
    )
  }
  return { sampleRate, channels }
}

/** A last chunk that is cut short, as programs write them that stream, counts as far as it goes. */
function chunks(view: DataView): Chunk[] {
  const found: Chunk[] = []
  for (let at = 12; at + 8 <= view.byteLength;) {
    const length = Math.min(view.getUint32(at + 4, true), view.byteLength - at - 8)
    found.push({ tag: tagAt(view, at), data: new DataView(view.buffer, view.byteOffset + at + 8, length) })
    at += 8 + length + (length % 2)
  }
  return found
}

function tagAt(view: DataView, at: number): string {
  return String.fromCharCode(...Array.from({ length: 4 }, (_, i) => view.getUint8(at + i)))
}
