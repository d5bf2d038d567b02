import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { type AudioBytesOptions, audioToBytes, audioToFile } from '../../src/index.ts'

test('a WAV file says rate, channels and length, and has the samples in little-endian order', async (t) => {
  const file = await audioToBytes([24_000, Int16Array.of(1, -2, 256, -32768), 'stereo'])
  const view = new DataView(file.buffer)
  t.is(Buffer.from(file.subarray(0, 4)).toString(), 'RIFF')
  t.is(view.getUint32(4, true), 36 + 8)
  t.is(Buffer.from(file.subarray(8, 16)).toString(), 'WAVEfmt ')
  t.is(view.getUint16(22, true), 2, 'channels')
  t.is(view.getUint32(24, true), 24_000, 'rate')
  t.is(view.getUint32(28, true), 96_000, 'bytes a second')
  t.is(view.getUint32(40, true), 8, 'bytes of data')
  t.deepEqual([...file.subarray(44)], [1, 0, 0xfe, 0xff, 0, 1, 0, 0x80])
})

test('floats are written as 16-bit PCM', async (t) => {
  const file = await audioToBytes([8000, Float32Array.of(1)])
  t.deepEqual([...file.subarray(44)], [0xff, 0x7f])
})

test('audioToFile writes the same bytes and returns the path', async (t) => {
  const path = await audioToFile([48_000, Int16Array.of(1, 2, 3)])
  t.teardown(() => rm(dirname(path), { recursive: true }))
  t.regex(path, /\.wav$/)
  t.deepEqual(new Uint8Array(await readFile(path)), await audioToBytes([48_000, Int16Array.of(1, 2, 3)]))
})

/** Two seconds of 440 Hz at 24 kHz. */
const SINE = Int16Array.from({ length: 48_000 }, (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / 24_000))
const CACHED_PYTHON = new URL('../../.cache/venv/bin/python', import.meta.url).pathname
/** PyAV comes with aiortc, and FFmpeg with PyAV. */
const READ = `
import av, sys, numpy
with av.open(sys.argv[1]) as file:
    stream = file.streams.audio[0]
    pcm = numpy.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(stream)]).astype(float)
    print(stream.codec_context.name, len(pcm), int(((pcm[:-1] < 0) & (pcm[1:] >= 0)).sum()))
`

test('FFmpeg reads an Ogg Opus file as long as its audio, with its tone', async (t) => {
  const path = await audioToFile([24_000, SINE], { format: 'ogg' })
  t.teardown(() => rm(dirname(path), { recursive: true }))
  t.regex(path, /\.ogg$/)
  const { stdout } = await promisify(execFile)(CACHED_PYTHON, ['-c', READ, path])
  const [codec, samples, periods] = stdout.trim().split(' ')
  t.is(codec, 'opus')
  t.is(Number(samples), 96_000, 'two seconds at 48 kHz, to the sample')
  t.true(Math.abs(Number(periods) - 880) <= 4, `${periods} periods`)
})

test('an Ogg Opus file is small, and smaller at a lower bitrate', async (t) => {
  const wav = await audioToBytes([24_000, SINE])
  const ogg = await audioToBytes([24_000, SINE], { format: 'ogg' })
  const low = await audioToBytes([24_000, SINE], { format: 'ogg', bitrate: 8000 })
  t.true(ogg.length * 5 < wav.length)
  t.true(low.length < ogg.length)
})

test('a path says the format when the options do not', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-test-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const magic = async (name: string, options: AudioBytesOptions = {}): Promise<string> => {
    const path = await audioToFile([8000, new Int16Array(160)], { ...options, path: join(folder, name) })
    return (await readFile(path)).subarray(0, 4).toString()
  }
  t.is(await magic('a.ogg'), 'OggS')
  t.is(await magic('a.opus'), 'OggS')
  t.is(await magic('a.wav'), 'RIFF')
  t.is(await magic('a'), 'RIFF')
  t.is(await magic('b.ogg', { format: 'wav' }), 'RIFF')
})

test('what is no audio, and an option that does not exist, are refused by name', async (t) => {
  const audio = [8000, new Int16Array(1)] as const
  for (const none of [null, undefined, 5, {}, Promise.resolve(audio)]) {
    await t.throwsAsync(audioToBytes(none as never), { instanceOf: TypeError, message: /\[sampleRate, samples\], not/ })
  }
  const typo = { fromat: 'ogg' } as AudioBytesOptions
  await t.throwsAsync(audioToBytes(audio, typo), { instanceOf: TypeError, message: /no option fromat/ })
  await t.throwsAsync(audioToFile(audio, typo), { instanceOf: TypeError, message: /no option fromat.*path/ })
})

const WRONG: [audio: unknown, message: RegExp][] = [
  [[8000, new Int16Array(3), 'stereo'], /even number of samples.*not 3/],
  [[8000, new Int16Array(2), '5.1'], /layout must be 'mono' or 'stereo', not "5\.1"/],
  [[5e9, new Int16Array(2)], /at most 2147483647 Hz, not 5000000000/],
]
for (const [audio, message] of WRONG) {
  test(`refused by name: ${message.source}`, async (t) => {
    await t.throwsAsync(audioToBytes(audio as never), { instanceOf: RangeError, message })
  })
}

test('what can not be encoded is refused by name', async (t) => {
  const audio = [8000, new Int16Array(1)] as const
  const format = 'mp3' as 'wav'
  await t.throwsAsync(audioToBytes(audio, { format }), { instanceOf: RangeError, message: /"mp3"/ })
  await t.throwsAsync(audioToBytes([0.5, new Int16Array(1)]), { instanceOf: RangeError, message: /0\.5/ })
  const bitrate = 5999
  await t.throwsAsync(audioToBytes(audio, { format: 'ogg', bitrate }), { instanceOf: RangeError, message: /5999/ })
  const wrapped = [2 ** 32 + 48_000, new Int16Array(1)] as const
  await t.throwsAsync(audioToBytes(wrapped, { format: 'ogg' }), { instanceOf: RangeError, message: /4295015296/ })
  const tooLow = [7999, new Int16Array(1)] as const
  await t.throwsAsync(audioToBytes(tooLow, { format: 'ogg' }), { instanceOf: RangeError, message: /7999/ })
})
