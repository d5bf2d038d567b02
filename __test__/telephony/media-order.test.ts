import test from 'ava'
import { MediaOrder } from '../../src/telephony/media-order.ts'

function played(...chunks: (number | undefined)[]): string[] {
  const order = new MediaOrder()
  return chunks.flatMap((chunk) => order.take(chunk, String(chunk)))
}

test('chunks in order never wait', (t) => {
  const order = new MediaOrder()
  for (let chunk = 1; chunk <= 100; chunk += 1) t.deepEqual(order.take(chunk, String(chunk)), [String(chunk)])
})

test('chunks that overtook one another are put back', (t) => {
  t.deepEqual(played(1, 3, 2, 4, 7, 6, 5), ['1', '2', '3', '4', '5', '6', '7'])
})

test('what came twice or too late is left out', (t) => {
  t.deepEqual(played(1, 2, 2, 3, 1, 4), ['1', '2', '3', '4'])
})

test('a chunk that never comes holds up four others at most', (t) => {
  t.deepEqual(played(1, 3, 4, 5, 6), ['1'])
  t.deepEqual(played(1, 3, 4, 5, 6, 7, 8), ['1', '3', '4', '5', '6', '7', '8'])
  t.deepEqual(played(1, 3, 5, 7, 9, 11), ['1', '3'])
})

test('a provider that counts anew, or not at all, is heard', (t) => {
  t.deepEqual(played(500, 501, 1, 2), ['500', '501', '1', '2'])
  t.deepEqual(played(undefined, undefined), ['undefined', 'undefined'])
})
