import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { channelsOf, type EmitAudio } from '../frames/audio-frame.ts'
import { checkAudio, isEmitRate } from '../frames/check-audio.ts'
import { describe } from '../frames/describe.ts'
import { encodeOggOpus } from '../native/ogg-opus.ts'
import { checkObject } from '../stream/checks.ts'
import { encodeWav } from './wav.ts'

/** An encoded audio file's format: 16-bit linear PCM in RIFF, or Opus in Ogg (RFC 7845). */
export type AudioFileFormat = 'wav' | 'ogg'

/** How {@link audioToBytes} encodes. */
export interface AudioBytesOptions {
  /**
   * `'wav'`: lossless, any rate. `'ogg'`: a tenth of the size or less, 8,000 to 192,000 Hz. Default `'wav'`, or for a file
   * whose path ends in `.ogg` or `.opus`, `'ogg'`.
   */
  format?: AudioFileFormat
  /** Of `'ogg'`, in bit/s: 6,000 to 510,000, default 48,000. */
  bitrate?: number
}

/** How {@link audioToFile} encodes, and where it writes. */
export interface AudioFileOptions extends AudioBytesOptions {
  /** Path of the file; by default a new file in the system's folder for temporary files. */
  path?: string
}

interface Encoder {
  extension: string
  encode(samples: Int16Array, sampleRate: number, channels: number, bitrate: number): Promise<Uint8Array>
}

const DEFAULT_BITRATE = 48_000
const MIN_BITRATE = 6_000
const MAX_BITRATE = 510_000

const ENCODERS: Readonly<Record<AudioFileFormat, Encoder>> = {
  wav: { extension: 'wav', encode: encodeCheckedWav },
  ogg: { extension: 'ogg', encode: encodeCheckedOgg },
}

/**
 * Encodes audio as a file in memory, for a speech-to-text service or a download.
 *
 * @param audio - as a handler receives or emits it; mono unless a third element says `'stereo'`
 * @param options - the format
 * @returns the bytes of the file
 * @throws TypeError for what is no audio, RangeError naming a sample rate, layout, number of samples, format or bitrate that
 * can't be; AddonMissingError for `'ogg'` without the native addon
 */
export async function audioToBytes(audio: EmitAudio, options: AudioBytesOptions = {}): Promise<Uint8Array> {
  checkObject('', options, ['format', 'bitrate'])
  const { format = 'wav', bitrate = DEFAULT_BITRATE } = options
  const { sampleRate, samples, layout } = checkAudio(audio)
  if (!Number.isInteger(bitrate) || bitrate < MIN_BITRATE || bitrate > MAX_BITRATE) {
    throw new RangeError(`The bitrate must be an integer from 6,000 to 510,000 bit/s, not ${describe(bitrate)}`)
  }
  return encoderOf(format).encode(samples, sampleRate, channelsOf(layout), bitrate)
}

/**
 * Encodes audio and writes it to a file.
 *
 * @param audio - as for {@link audioToBytes}
 * @param options - the format, and the path
 * @returns the path of the file; the caller deletes it
 * @throws as {@link audioToBytes}, and the file system's errors
 */
export async function audioToFile(audio: EmitAudio, options: AudioFileOptions = {}): Promise<string> {
  checkObject('', options, ['format', 'bitrate', 'path'])
  const { path: wanted, ...encoding } = options
  const format = options.format ?? formatOf(wanted)
  const bytes = await audioToBytes(audio, { ...encoding, format })
  const path = wanted ?? (await temporaryPath(ENCODERS[format].extension))
  await writeFile(path, bytes)
  return path
}

async function encodeCheckedWav(samples: Int16Array, sampleRate: number, channels: number): Promise<Uint8Array> {
  // The header counts the bytes of a second in 32 bits.
  const most = Math.floor(0xffff_ffff / (2 * channels))
  if (sampleRate <= most) return encodeWav(samples, sampleRate, channels)
  throw new RangeError(`The sample rate of a WAV file must be at most ${most} Hz, not ${sampleRate}`)
}

/** Here, for the native side counts Hz in 32 bits. */
async function encodeCheckedOgg(...audio: Parameters<typeof encodeOggOpus>): Promise<Uint8Array> {
  const [, sampleRate] = audio
  if (isEmitRate(sampleRate)) return encodeOggOpus(...audio)
  throw new RangeError(`The sample rate of an Ogg Opus file must be from 8,000 to 192,000 Hz, not ${sampleRate}`)
}

function encoderOf(format: AudioFileFormat): Encoder {
  if (format === 'wav' || format === 'ogg') return ENCODERS[format]
  throw new RangeError(`The audio file format must be 'wav' or 'ogg', not ${describe(format)}`)
}

function formatOf(path: unknown): AudioFileFormat {
  return typeof path === 'string' && /\.(ogg|opus)$/i.test(path) ? 'ogg' : 'wav'
}

async function temporaryPath(extension: string): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'parley-')), `audio.${extension}`)
}
