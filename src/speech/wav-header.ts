import { isEmitRate } from '../frames/check-audio.ts'
import type { ByteReader } from './byte-reader.ts'

/** What a WAV file says of itself before its samples. */
export interface WavHeader {
  /** In Hz. */
  readonly sampleRate: number
  /** 1 or 2. */
  readonly channels: number
  /** Of the samples; Infinity for a file that was written before its length was known. */
  readonly dataBytes: number
}

/** Of a `fmt ` chunk: plain PCM, and "see the extension", whose first two bytes then say the same. */
const PCM = 1
const EXTENSIBLE = 0xfffe
/** Bytes before the samples; more is no header. */
const MAX_HEADER = 64 * 1024

/**
 * Reads a WAV file up to its samples, while the rest is still to come. A length of 0, or one that nobody sends, is what
 * services write who don't know it yet.
 *
 * @param reader - at the file's beginning, which is RIFF and WAVE
 * @returns its header, or in words why it can't be read
 */
export async function readWavHeader(reader: ByteReader): Promise<WavHeader | string> {
  await reader.take(12)
  let format: { sampleRate: number; channels: number } | string = 'without a fmt chunk before its data'
  for (let read = 12; read < MAX_HEADER;) {
    const head = await reader.take(8)
    if (head.length < 8) return 'that ends before its samples'
    const [tag, length] = [Buffer.from(head.subarray(0, 4)).toString('latin1'), viewOf(head).getUint32(4, true)]
    if (tag === 'data') return typeof format === 'string' ? format : { ...format, dataBytes: knownLength(length) }
    if (length > MAX_HEADER) break
    const body = await reader.take(length + (length % 2))
    if (tag === 'fmt ') format = readFormat(body)
    read += 8 + body.length
  }
  return 'without samples in its first 64 KiB'
}

function readFormat(body: Uint8Array): { sampleRate: number; channels: number } | string {
  if (body.length < 16) return 'with a fmt chunk that is too short'
  const view = viewOf(body)
  const tag = view.getUint16(0, true)
  const kind = tag === EXTENSIBLE && body.length >= 26 ? view.getUint16(24, true) : tag
  const [channels, sampleRate, bits] = [view.getUint16(2, true), view.getUint32(4, true), view.getUint16(14, true)]
  const isKnown = kind === PCM && bits === 16 && (channels === 1 || channels === 2)
  if (!isKnown)
    return `of format ${kind} with ${bits} bits and ${channels} channels; it must be 16-bit PCM, mono or stereo`
  if (!isEmitRate(sampleRate)) return `of ${sampleRate} Hz; it must have from 8,000 to 192,000`
  return { sampleRate, channels }
}

function knownLength(length: number): number {
  return length === 0 || length >= 0x7fff_ff00 ? Infinity : length
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
