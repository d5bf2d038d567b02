import { aggregateBytesTo16Bit } from '../frames/aggregate-bytes.ts'
import type { AudioFrame } from '../frames/audio-frame.ts'
import { isEmitRate } from '../frames/check-audio.ts'
import { reasonIn } from './refusal.ts'
import type { ServiceCall } from './service-call.ts'
import { ByteReader } from './byte-reader.ts'
import { readWavHeader } from './wav-header.ts'

/** Answers that are no audio at all. */
const NO_AUDIO = /^(application\/(problem\+)?json|text\/|application\/xml)/
/** Audio of another kind than was asked for. */
const OTHER_AUDIO = /^(audio\/(mpeg|mp3|mp4|aac|x-aac|flac|x-flac|ogg|opus|webm)|video\/)/
/** How files of other kinds begin: MP3 with ID3, Ogg, FLAC. */
const OTHER_MAGIC = /^(ID3|OggS|fLaC)/

/**
 * Reads the audio of an answer as it comes: signed 16-bit little-endian PCM, or a WAV file of that, whatever was asked for.
 *
 * @param call - answered
 * @param sampleRate - of PCM for which the service doesn't say, in Hz
 * @returns mono pieces, one for each that came
 * @throws SpeechServiceError for an answer of another kind, and as `ServiceCall.bytes`
 */
export async function* readSpeech(call: ServiceCall, sampleRate: number): AsyncGenerator<AudioFrame, void, void> {
  const { contentType } = call
  try {
    if (NO_AUDIO.test(contentType)) {
      throw call.error(`answered no audio but ${contentType}: ${reasonIn(await call.text())}`)
    }
    if (OTHER_AUDIO.test(contentType)) throw otherKind(call, contentType)
    const reader = new ByteReader(call.bytes())
    const magic = Buffer.from(await reader.peek(12)).toString('latin1')
    if (OTHER_MAGIC.test(magic)) throw otherKind(call, 'a compressed file')
    const isWav = magic.startsWith('RIFF') && magic.endsWith('WAVE')
    yield* isWav ? readWav(call, reader) : readPcm(reader, rateIn(contentType) ?? sampleRate)
  } finally {
    call.close()
  }
}

async function* readPcm(reader: ByteReader, sampleRate: number): AsyncGenerator<AudioFrame, void, void> {
  for await (const samples of aggregateBytesTo16Bit(reader.rest())) yield [sampleRate, samples]
}

async function* readWav(call: ServiceCall, reader: ByteReader): AsyncGenerator<AudioFrame, void, void> {
  const format = await readWavHeader(reader)
  if (typeof format === 'string') throw call.error(`answered a WAV file ${format}`)
  const { sampleRate, channels, dataBytes } = format
  for await (const samples of aggregateBytesTo16Bit(reader.rest({ limit: dataBytes, multipleOf: channels * 2 }))) {
    yield [sampleRate, channels === 1 ? samples : mixDown(samples)]
  }
}

function mixDown(samples: Int16Array): Int16Array {
  const mean = (_: unknown, i: number): number => ((samples[2 * i] as number) + (samples[2 * i + 1] as number)) >> 1
  return Int16Array.from({ length: samples.length >> 1 }, mean)
}

/** As in `audio/pcm;rate=16000`. */
function rateIn(contentType: string): number | undefined {
  const rate = Number(/[;\s]rate="?(\d+)/.exec(contentType)?.[1])
  return isEmitRate(rate) ? rate : undefined
}

function otherKind(call: ServiceCall, what: string): Error {
  return call.error(`answered ${what}, and neither PCM nor WAV: try the other responseFormat, 'pcm' or 'wav'`)
}
