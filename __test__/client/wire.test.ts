import test from 'ava'
import { parseMessage, receiveText } from '../../src/client/wire.ts'

test('messages of the server are read as they are', (t) => {
  t.deepEqual(parseMessage('{"type":"log","data":"pause_detected"}'), { type: 'log', data: 'pause_detected' })
  t.deepEqual(parseMessage('{"type":"fetch_output","data":[]}'), { type: 'fetch_output', data: [] })
})

test('an error has its text in message, whether the server put it there or into data alone', (t) => {
  t.like(parseMessage('{"type":"error","message":"no","data":"no"}'), { message: 'no' })
  t.like(parseMessage('{"type":"warning","data":"slow"}'), { message: 'slow' })
})

test('a text that is no message is handed over as it came', (t) => {
  const got: unknown[] = []
  const receiver = { onMessage: (message: unknown) => got.push(message), onText: (text: string) => got.push(text) }
  for (const text of ['hello', '{"n":1}', '{"type":"tool","n":1}', new Uint8Array(3)]) receiveText(text, receiver)
  t.deepEqual(got, ['hello', '{"n":1}', { type: 'tool', n: 1 }])
})

test('what is no message is none', (t) => {
  for (const text of ['', 'hello', '7', 'null', '[]', '{"data":1}', '{"type":1}', new Uint8Array(3)]) {
    t.is(parseMessage(text), undefined)
  }
})
