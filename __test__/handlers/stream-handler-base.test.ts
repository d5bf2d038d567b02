import { threadId } from 'node:worker_threads'
import test from 'ava'
import { AsyncStreamHandler, ChannelClosedError } from '../../src/index.ts'
import { closedConnection, connectHandler } from '../../src/handlers/stream-handler-base.ts'

class Plain extends AsyncStreamHandler {
  override async receive(): Promise<void> {}
  override async emit(): Promise<null> {
    return null
  }
  override copy(): Plain {
    return new Plain()
  }
}

test('messages sent before the channel opens go out in order when it does', async (t) => {
  const [handler, sent] = [new Plain(), [] as string[]]
  handler.sendMessageSync('a')
  await handler.sendMessage('b')
  handler.setChannel({ send: (message) => void sent.push(message) })
  await handler.sendMessage('c')
  t.deepEqual(sent, ['a', 'b', 'c'])
  t.true(handler.channelSet.isSet)
})

test('after the channel closed, sendMessage rejects and sendMessageSync throws', async (t) => {
  const handler = new Plain()
  connectHandler(handler, closedConnection)
  await t.throwsAsync(handler.sendMessage('x'), { instanceOf: ChannelClosedError, code: 'ERR_PARLEY_CHANNEL_CLOSED' })
  t.throws(() => handler.sendMessageSync('x'), { instanceOf: ChannelClosedError })
})

test.serial('a message that is sent by nobody who waits for it ends no process when its client has gone', async (t) => {
  const handler = new Plain()
  connectHandler(handler, closedConnection)
  const unhandled: unknown[] = []
  const onUnhandled = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', onUnhandled)
  t.teardown(() => process.off('unhandledRejection', onUnhandled))
  void handler.sendMessage('x')
  await new Promise((resolve) => void setImmediate(() => setImmediate(resolve)))
  t.deepEqual(unhandled, [])
})

test('a message that is no string is refused', async (t) => {
  const handler = new Plain()
  await t.throwsAsync(handler.sendMessage(7 as unknown as string), { instanceOf: TypeError, message: /7/ })
})

test('additional arguments are kept with their placeholder, and reset forgets that they came', (t) => {
  const handler = new Plain()
  handler.setArgs(['__webrtc_value__', 'blue'])
  t.deepEqual(handler.latestArgs, ['__webrtc_value__', 'blue'])
  t.true(handler.argsSet.isSet)
  handler.reset()
  t.false(handler.argsSet.isSet)
})

test('arguments that are no array, or an empty one, are refused', (t) => {
  const handler = new Plain()
  t.throws(() => handler.setArgs('blue' as unknown as unknown[]), { instanceOf: TypeError, message: /"blue"/ })
  t.throws(() => handler.setArgs([]), { instanceOf: RangeError, message: /\[\]/ })
  t.false(handler.argsSet.isSet)
})

test('waitForArgs asks the client and waits', async (t) => {
  const [handler, sent] = [new Plain(), [] as string[]]
  handler.setChannel({ send: (message) => void sent.push(message) })
  const wait = handler.waitForArgs()
  await Promise.resolve()
  t.deepEqual(sent, ['{"type":"send_input","data":[]}'])
  handler.setArgs(['__webrtc_value__', 1])
  await wait
  t.deepEqual(handler.latestArgs, ['__webrtc_value__', 1])
})

test('in phone mode waitForArgs neither asks nor waits', async (t) => {
  const [handler, sent] = [new Plain(), [] as string[]]
  handler.phoneMode = true
  handler.setChannel({ send: (message) => void sent.push(message) })
  await handler.waitForArgs()
  await handler.fetchArgs()
  t.deepEqual(sent, [])
})

test("clearQueue reaches the handler's connection", (t) => {
  let cleared = 0
  const handler = new Plain()
  handler.clearQueue()
  connectHandler(handler, { send: () => undefined, clearQueue: () => void cleared++ })
  handler.clearQueue()
  t.is(cleared, 1)
})

test("loop.call runs a function on the handler's loop and passes on what comes of it", async (t) => {
  const { loop } = new Plain()
  t.is(loop.threadId, threadId)
  t.is(await loop.call(() => 7), 7)
  t.is(await loop.call(async () => 8), 8)
  await t.throwsAsync(
    loop.call(() => Promise.reject(new Error('no'))),
    { message: 'no' },
  )
})
