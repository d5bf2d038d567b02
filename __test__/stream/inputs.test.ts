import test from 'ava'
import { offerBody } from '../helpers/offer.ts'
import { quietStream } from '../helpers/quiet-stream.ts'

test('setInput reaches the handler of that session, with the placeholder first', async (t) => {
  const { stream } = quietStream(t)
  await stream.offer(offerBody('a'))
  t.true(stream.setInput('a', 'blue', 7))
  const handler = stream.sessions.get('a')?.handler
  t.deepEqual(handler?.latestArgs, ['__webrtc_value__', 'blue', 7])
  t.true(handler?.argsSet.isSet)
})

test('setInput without arguments counts as inputs having arrived', async (t) => {
  const { stream } = quietStream(t)
  await stream.offer(offerBody('a'))
  t.true(stream.setInput('a'))
  t.true(stream.sessions.get('a')?.handler.argsSet.isSet)
})

test('an id that is not known: false', (t) => {
  const { stream } = quietStream(t)
  t.false(stream.setInput('nobody', 1))
  t.false(stream.updateConnection('nobody', 'closed'))
})

test('updateConnection knows one state only', (t) => {
  const { stream } = quietStream(t)
  t.throws(() => stream.updateConnection('a', 'open' as 'closed'), { instanceOf: RangeError, message: /"open"/ })
})
