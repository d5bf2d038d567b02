import { readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import test from 'ava'
import { audioToBytes, audioToFile } from '../../src/index.ts'

test('a WAV file says rate, channels and length, and has the samples in little-endian order', (t) => {
  const file = audioToBytes([24_000, Int16Array.of(1, -2, 256, -32768), 'stereo'])
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

test('floats are written as 16-bit PCM', (t) => {
  t.deepEqual([...audioToBytes([8000, Float32Array.of(1)]).subarray(44)], [0xff, 0x7f])
})

test('audioToFile writes the same bytes and returns the path', async (t) => {
  const path = await audioToFile([48_000, Int16Array.of(1, 2, 3)])
  t.teardown(() => rm(dirname(path), { recursive: true }))
  t.regex(path, /\.wav$/)
  t.deepEqual(new Uint8Array(await readFile(path)), audioToBytes([48_000, Int16Array.of(1, 2, 3)]))
})

test('a format that does not exist is refused by name', (t) => {
  const options = { format: 'mp3' as 'wav' }
  t.throws(() => audioToBytes([8000, new Int16Array(1)], options), { instanceOf: RangeError, message: /"mp3"/ })
})

test('a sample rate that is none is refused', (t) => {
  t.throws(() => audioToBytes([0.5, new Int16Array(1)]), { instanceOf: RangeError, message: /0\.5/ })
})
