import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { channelsOf, type EmitAudio } from './audio-frame.ts'
import { describe } from './describe.ts'
import { audioToInt16 } from './pcm.ts'
import { encodeWav } from './wav.ts'

/** An encoded audio file's format. */
export type AudioFileFormat = 'wav'

/** How {@link audioToBytes} encodes. */
export interface AudioBytesOptions {
  /** `'wav'` (default). */
  format?: AudioFileFormat
}

/** How {@link audioToFile} encodes, and where it writes. */
export interface AudioFileOptions extends AudioBytesOptions {
  /** Path of the file; by default a new file in the system's folder for temporary files. */
  path?: string
}

interface Encoder {
  extension: string
  encode(samples: Int16Array, sampleRate: number, channels: number): Uint8Array
}

const ENCODERS: Readonly<Record<AudioFileFormat, Encoder>> = {
  wav: { extension: 'wav', encode: encodeWav },
}

/**
 * Encodes audio as a file in memory, for a speech-to-text service or a download.
 *
 * @param audio - as a handler receives or emits it; mono unless a third element says `'stereo'`
 * @param options - the format
 * @returns the bytes of the file
 * @throws TypeError for what is no audio, RangeError for a sample rate or a format that doesn't exist
 */
export function audioToBytes(audio: EmitAudio, options: AudioBytesOptions = {}): Uint8Array {
  const [sampleRate, samples, layout = 'mono'] = audio
  if (!Number.isInteger(sampleRate) || sampleRate <= 0) {
    throw new RangeError(`The sample rate must be a positive integer in Hz, not ${describe(sampleRate)}`)
  }
  return encoderOf(options.format).encode(audioToInt16(samples), sampleRate, channelsOf(layout))
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
  const bytes = audioToBytes(audio, options)
  const path = options.path ?? (await temporaryPath(encoderOf(options.format).extension))
  await writeFile(path, bytes)
  return path
}

function encoderOf(format: AudioFileFormat = 'wav'): Encoder {
  if (Object.hasOwn(ENCODERS, format)) return ENCODERS[format]
  const known = Object.keys(ENCODERS).join("', '")
  throw new RangeError(`The audio file format must be '${known}', not ${describe(format)}`)
}

async function temporaryPath(extension: string): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'parley-')), `audio.${extension}`)
}
