import test from 'ava'
import { Stream, StreamBase, type StreamBaseOptions } from '../../src/index.ts'
import { Echo } from '../helpers/echo.ts'

// What counts here is that tsc takes this file: the parameters and tuples below have no annotations of their own.

test('an inline duplex function is typed by its place', (t) => {
  const stream = new Stream({
    modality: 'audio',
    async *handler(frames, session) {
      for await (const [sampleRate, samples] of frames) {
        const pcm: Int16Array = samples
        const id: string = session.id
        if (id !== '') yield [sampleRate, pcm]
      }
    },
  })
  t.is(stream.options.mode, 'send-receive')
})

test('so it is with the mode given, and as a function expression', (t) => {
  const options: StreamBaseOptions = {
    modality: 'audio',
    mode: 'send',
    handler: async function* (frames) {
      for await (const [sampleRate, samples] of frames) yield [sampleRate, samples, 'mono']
    },
  }
  t.is(new StreamBase(options).options.mode, 'send')
})

test('an inline generator function in receive mode is typed by its place', (t) => {
  const plain = new Stream({
    modality: 'audio',
    mode: 'receive',
    *handler() {
      yield [8000, new Int16Array(160)]
    },
  })
  const asynchronous = new Stream({
    modality: 'audio',
    mode: 'receive',
    async *handler(name: string) {
      yield [8000, new Int16Array(name.length)]
    },
  })
  t.deepEqual([plain.options.mode, asynchronous.options.mode], ['receive', 'receive'])
})

test('a handler goes with any mode that is known only when the program runs', (t) => {
  const mode: 'send' | 'send-receive' = t.title === '' ? 'send' : 'send-receive'
  t.is(new Stream({ handler: new Echo(), mode }).options.mode, mode)
})
