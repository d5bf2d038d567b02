import test from 'ava'
import { ChannelClosedError, ChannelFullError } from '../../src/index.ts'
import { Outbox } from '../../src/session/outbox.ts'
import { Log } from '../helpers/call.ts'
import { MemoryLink } from '../helpers/memory-link.ts'

function outbox(): { box: Outbox; link: MemoryLink } {
  return { box: new Outbox(new Log(), 'id'), link: new MemoryLink() }
}

test('what is sent before there is media waits for it, in order', (t) => {
  const { box, link } = outbox()
  box.send('first')
  box.tell({ type: 'end_stream', data: 'second' })
  box.open(link)
  box.send('third')
  t.deepEqual(link.messages, ['first', '{"type":"end_stream","data":"second"}', 'third'])
})

test('a message that is no string is refused at once, before there is media too', (t) => {
  const { box, link } = outbox()
  const message = /must be a string, not 5/
  t.throws(() => box.send(5 as never), { instanceOf: TypeError, message })
  box.open(link)
  t.throws(() => box.send(5 as never), { instanceOf: TypeError, message })
  t.deepEqual(link.messages, [])
})

test('what waits is bounded: the 65th message is refused, and those before it go out', (t) => {
  const { box, link } = outbox()
  for (let i = 0; i < 64; i++) box.send(String(i))
  t.throws(() => box.send('64'), { instanceOf: ChannelFullError, message: /64 messages/ })
  box.open(link)
  t.is(link.messages.length, 64)
  t.notThrows(() => box.send('65'), 'there is room when the media engine is there')
})

test('after the end nothing goes out: who sends is told, and what the session itself says is dropped', (t) => {
  const { box, link } = outbox()
  box.send('never')
  box.close()
  box.open(link)
  t.throws(() => box.send('x'), { instanceOf: ChannelClosedError })
  t.notThrows(() => box.tell({ type: 'end_stream', data: '' }))
  t.notThrows(() => box.notice('error', 'x'))
  box.withLink(() => t.fail('nothing is done with media any more'))
  t.deepEqual(link.messages, [])
})

test('a message that the media refuses does not keep the next from going out', (t) => {
  const { box, link } = outbox()
  link.sendMessage = (text) => {
    if (text === 'bad') throw new ChannelClosedError()
    link.messages.push(text)
  }
  box.send('bad')
  box.send('good')
  box.open(link)
  box.trySend('bad')
  box.trySend('better')
  t.deepEqual(link.messages, ['good', 'better'])
})
