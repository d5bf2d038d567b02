import test from 'ava'
import { fromPcm, toPcm } from '../../../src/client/websocket/pcm.ts'

test('samples are 16 bits on the wire, the lower byte first, and cut off at full scale', (t) => {
  const bytes = toPcm(Float32Array.of(0, 1, -1, 2, -2, 0.5))
  t.deepEqual([...new Uint8Array(bytes)], [0, 0, 0xff, 0x7f, 1, 0x80, 0xff, 0x7f, 1, 0x80, 0, 0x40])
})

test('what comes from the wire is as loud as it was', (t) => {
  t.deepEqual([...fromPcm(Uint8Array.of(0, 0, 0, 0x40, 0, 0x80).buffer)], [0, 0.5, -1])
})

test('half a sample at the end is left out', (t) => {
  t.deepEqual([...fromPcm(Uint8Array.of(0, 0x40, 7).buffer)], [0.5])
  t.is(fromPcm(new ArrayBuffer(0)).length, 0)
})
