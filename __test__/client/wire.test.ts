import test from 'ava'
import { parseMessage } from '../../src/client/wire.ts'

test('messages of the server are read as they are', (t) => {
  t.deepEqual(parseMessage('{"type":"log","data":"pause_detected"}'), { type: 'log', data: 'pause_detected' })
  t.deepEqual(parseMessage('{"type":"fetch_output","data":[]}'), { type: 'fetch_output', data: [] })
})

test('an error has its text in message, whether the server put it there or into data alone', (t) => {
  t.like(parseMessage('{"type":"error","message":"no","data":"no"}'), { message: 'no' })
  t.like(parseMessage('{"type":"warning","data":"slow"}'), { message: 'slow' })
})

test('what is no message is none', (t) => {
  for (const text of ['', 'hello', '7', 'null', '[]', '{"data":1}', '{"type":1}', new Uint8Array(3)]) {
    t.is(parseMessage(text), undefined)
  }
})
