import test from 'ava'
import { AdditionalOutputs, CloseStream } from '../../src/index.ts'

test('AdditionalOutputs keeps its arguments in order', (t) => {
  t.deepEqual(new AdditionalOutputs('a', 1, null).args, ['a', 1, null])
})

test('CloseStream says why, or that the stream is closed', (t) => {
  t.is(new CloseStream().msg, 'Stream closed')
  t.is(new CloseStream('Goodbye').msg, 'Goodbye')
})
