import test from 'ava'
import { AsyncEvent } from '../../src/index.ts'

test('everybody who waits goes on when the event is set', async (t) => {
  const event = new AsyncEvent()
  const waits = Promise.all([event.wait(), event.wait()])
  t.false(event.isSet)
  event.set()
  await waits
  t.true(event.isSet)
  await event.wait()
})

test('after clear, a wait lasts until the next set', async (t) => {
  const event = new AsyncEvent()
  event.set()
  event.clear()
  t.false(event.isSet)
  let isOver = false
  const wait = event.wait().then(() => (isOver = true))
  await Promise.resolve()
  t.false(isOver)
  event.set()
  await wait
  t.true(isOver)
})
