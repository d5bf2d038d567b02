import test from 'ava'
import { aggregateBytesTo16Bit } from '../../src/index.ts'

const CHUNKS = [[1], [0, 2], [], [0, 3, 0, 4], [0]].map((bytes) => Uint8Array.from(bytes))

async function* later(): AsyncGenerator<Uint8Array> {
  for (const chunk of CHUNKS) yield await Promise.resolve(chunk)
}

test('bytes in chunks of odd lengths become whole samples', (t) => {
  const samples = [...aggregateBytesTo16Bit(CHUNKS)].flatMap((chunk) => [...chunk])
  t.deepEqual(samples, [1, 2, 3, 4])
})

test('the same from an async iterable', async (t) => {
  const samples: number[] = []
  for await (const chunk of aggregateBytesTo16Bit(later())) samples.push(...chunk)
  t.deepEqual(samples, [1, 2, 3, 4])
})

test('negative samples keep their sign across a split', (t) => {
  const samples = [...aggregateBytesTo16Bit([Uint8Array.of(0xfe), Uint8Array.of(0xff, 0x00, 0x80)])]
  t.deepEqual(
    samples.flatMap((chunk) => [...chunk]),
    [-2, -32768],
  )
})

test('a byte that is left over at the end is dropped', (t) => {
  t.deepEqual([...aggregateBytesTo16Bit([Uint8Array.of(1, 0, 9)])], [Int16Array.of(1)])
})

test('what is no iterable, and a chunk that is no Uint8Array, are refused by name', (t) => {
  t.throws(() => aggregateBytesTo16Bit(7 as unknown as Uint8Array[]), { instanceOf: TypeError, message: /7/ })
  const strings = ['ab'] as unknown as Uint8Array[]
  t.throws(() => [...aggregateBytesTo16Bit(strings)], { instanceOf: TypeError, message: /"ab"/ })
})
