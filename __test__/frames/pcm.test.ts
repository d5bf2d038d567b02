import test from 'ava'
import { audioToFloat32, audioToInt16 } from '../../src/index.ts'

test('16-bit PCM becomes floats by a division by 32,768', (t) => {
  t.deepEqual([...audioToFloat32(Int16Array.of(-32768, -16384, 0, 16384, 32767))], [-1, -0.5, 0, 0.5, 32767 / 32768])
})

test('floats become 16-bit PCM by a multiplication by 32,767', (t) => {
  t.deepEqual([...audioToInt16(Float32Array.of(-1, -0.5, 0, 0.5, 1))], [-32767, -16383, 0, 16383, 32767])
})

test('floats beyond full scale are clipped and do not wrap', (t) => {
  t.deepEqual([...audioToInt16(Float32Array.of(-2, 1.5, Infinity, NaN))], [-32768, 32767, 32767, 0])
})

test('samples that have the wanted type already are not copied', (t) => {
  const [floats, pcm] = [new Float32Array(3), new Int16Array(3)]
  t.is(audioToFloat32(floats), floats)
  t.is(audioToInt16(pcm), pcm)
})

test('another type is a TypeError that names it', (t) => {
  const wrong = new Float64Array(2) as unknown as Float32Array
  t.throws(() => audioToFloat32(wrong), { instanceOf: TypeError, message: /Float64Array\(2\)/ })
  t.throws(() => audioToInt16(wrong), { instanceOf: TypeError, message: /Float64Array\(2\)/ })
})
