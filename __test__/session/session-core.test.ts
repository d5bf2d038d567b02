import test from 'ava'
import {
  AsyncStreamHandler,
  ChannelClosedError,
  type EmitType,
  type ParleyError,
  SessionFailedError,
} from '../../src/index.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { call, settle, until } from '../helpers/call.ts'

/** Says and hears nothing. */
class Silent extends AsyncStreamHandler {
  shutdowns = 0
  override async receive(): Promise<void> {}
  override emit(): Promise<EmitType> {
    return new Promise(() => undefined)
  }
  override copy(): Silent {
    return new Silent()
  }
  override async shutdown(): Promise<void> {
    this.shutdowns++
  }
}

test('what a client sends is answered with a log message and told to listeners; the handshake is not', (t) => {
  const { core, link } = call(new Silent())
  const heard: string[] = []
  core.session.on('message', (text) => heard.push(text))
  link.event({ kind: 'message', text: 'handshake' })
  link.event({ kind: 'message', text: 'hello' })
  t.deepEqual(link.messages, ['{"type":"log","data":"Server received: hello"}'])
  t.deepEqual(heard, ['hello'])
})

test('a key that the client pressed is told to listeners with its duration', (t) => {
  const { core, link } = call(new Silent())
  const keys: [string, number][] = []
  core.session.on('dtmf', (digit, durationMs) => keys.push([digit, durationMs]))
  link.event({ kind: 'dtmf', digit: '#', durationMs: 120 })
  link.event({ kind: 'dtmf', digit: '7', durationMs: 80 })
  t.deepEqual(keys, [
    ['#', 120],
    ['7', 80],
  ])
})

test('a handler has its channel when it opens, and not before', (t) => {
  const handler = new Silent()
  const { link } = call(handler)
  t.is(handler.channel, null)
  t.false(handler.channelSet.isSet)
  link.event({ kind: 'channel-open' })
  t.true(handler.channelSet.isSet)
  handler.channel?.send('hi')
  t.deepEqual(link.messages, ['hi'])
})

test('a message sent before the channel opens is handed over, to be kept by the engine', async (t) => {
  const handler = new Silent()
  const { link } = call(handler, { connected: false })
  await handler.sendMessage('early')
  t.deepEqual(link.messages, ['early'])
})

test('after the end, session and handler refuse messages with ChannelClosedError', async (t) => {
  const handler = new Silent()
  const { core } = call(handler)
  core.session.close()
  t.throws(() => core.session.sendMessage('x'), { instanceOf: ChannelClosedError })
  await t.throwsAsync(handler.sendMessage('x'), { instanceOf: ChannelClosedError })
})

test('states follow the media: connecting, connected, disconnected and back, closed', (t) => {
  const { core, link } = call(new Silent(), { connected: false })
  const states: string[] = [core.state]
  for (const event of ['connected', 'disconnected'] as const) core.session.on(event, () => states.push(core.state))
  core.session.on('closed', (reason) => states.push(reason))
  link.event({ kind: 'connected' })
  link.event({ kind: 'disconnected' })
  link.event({ kind: 'connected' })
  link.event({ kind: 'closed', code: 'timeout' })
  t.deepEqual(states, ['connecting', 'connected', 'disconnected', 'connected', 'timeout'])
  t.is(core.state, 'closed')
})

for (const code of ['peer', 'timeout', 'connect_timeout', 'failed', 'error'] as const) {
  test(`a session that ends by '${code}' says so, with one shutdown`, async (t) => {
    const handler = new Silent()
    const made = call(handler, { connected: code !== 'connect_timeout' })
    made.link.event({ kind: 'closed', code })
    await settle()
    t.is(made.reason, code)
    t.is(handler.shutdowns, 1)
  })
}

test('a time limit of one second is told in the singular', (t) => {
  let now = 0
  const clock = new VirtualClock(() => now)
  const { link } = call(new Silent(), { timeLimit: 1, clock })
  now = 1000
  clock.runDue()
  t.deepEqual(link.told, [{ type: 'end_stream', data: 'The time limit of 1 second is over' }])
})

test('the time limit tells the client why, then closes', async (t) => {
  const made = call(new Silent(), { timeLimit: 0.02 })
  await until(() => made.core.state === 'closed')
  t.deepEqual(made.link.told, [{ type: 'end_stream', data: 'The time limit of 0.02 seconds is over' }])
  t.is(made.reason, 'time_limit')
})

test('the time limit holds while the audio before a CloseStream still plays', async (t) => {
  const made = call(new Silent(), { timeLimit: 0.02 })
  made.link.depthMs = 60_000
  made.core.onCloseStream('Goodbye')
  await until(() => made.core.state === 'closed')
  t.is(made.reason, 'time_limit')
})

test('the time limit counts from the connection', async (t) => {
  const { core } = call(new Silent(), { timeLimit: 0.02, connected: false })
  await new Promise((resolve) => void setTimeout(resolve, 40))
  t.is(core.state, 'connecting')
  core.close('done')
})

test('a fault of the engine is told to listeners, the client and the log, before it ends the session', (t) => {
  const made = call(new Silent())
  const errors: ParleyError[] = []
  made.core.session.on('error', (error) => errors.push(error))
  const message = 'the session ended by a fault in the media core: a panic'
  made.link.event({ kind: 'error', code: 'ERR_PARLEY_SESSION_FAULT', message })
  made.link.event({ kind: 'closed', code: 'error' })
  t.true(errors[0] instanceof SessionFailedError)
  t.deepEqual(
    errors.map((error) => [error.code, error.message]),
    [['ERR_PARLEY_SESSION_FAILED', message]],
  )
  t.deepEqual(made.link.told, [{ type: 'error', message, data: message }])
  t.is(made.log.lines.length, 1)
  t.regex(made.log.lines[0] ?? '', /^error session id: .*a panic/)
  t.is(made.reason, 'error')
})

test('a message that the engine could not send is told of as that, and the session goes on', (t) => {
  const made = call(new Silent())
  const errors: ParleyError[] = []
  made.core.session.on('error', (error) => errors.push(error))
  const codes = ['ERR_PARLEY_CHANNEL_CLOSED', 'ERR_PARLEY_CHANNEL_FULL', 'ERR_PARLEY_MESSAGE_TOO_LARGE']
  for (const code of codes) made.link.event({ kind: 'error', code, message: 'a message was not sent' })
  t.deepEqual(
    errors.map(({ code }) => code),
    codes,
  )
  t.is(made.core.state, 'connected')
})

test('a handler that is behind is told of, unless it has said goodbye', (t) => {
  const made = call(new Silent())
  const errors: ParleyError[] = []
  made.core.session.on('error', (error) => errors.push(error))
  made.link.event({ kind: 'input-dropped', waitingMs: 5000 })
  t.is(errors[0]?.code, 'ERR_PARLEY_INPUT_DROPPED')
  t.regex(errors[0]?.message ?? '', /behind: 5 s of audio .* media\.queueMs\.input/)
  made.core.onCloseStream('Goodbye')
  made.link.event({ kind: 'input-dropped', waitingMs: 5000 })
  t.is(errors.length, 1)
})

test('a setChannel that throws fails its session alone', (t) => {
  const handler = new Silent()
  handler.setChannel = () => {
    throw new Error('no channel, please')
  }
  const { core, link } = call(handler)
  link.event({ kind: 'channel-open' })
  t.is(link.told[0]?.message, 'no channel, please')
  t.is(core.state, 'closed')
})

test('clearQueue of a handler drops what it emitted', (t) => {
  const handler = new Silent()
  const { link } = call(handler)
  link.depthMs = 1000
  handler.clearQueue()
  t.is(link.depthMs, 0)
})

test('a reason that is no string is refused, and the session goes on', (t) => {
  const made = call(new Silent())
  for (const reason of [null, 5, new Error('x'), Symbol('x')]) {
    t.throws(() => made.core.session.close(reason as never), {
      instanceOf: TypeError,
      message: /reason must be a string/,
    })
  }
  t.is(made.reason, undefined)
  t.is(made.core.session.state, 'connected')
})

test('close is heard once, with the first reason', (t) => {
  const { core } = call(new Silent())
  const reasons: string[] = []
  core.session.on('closed', (reason) => reasons.push(reason))
  core.session.close('first')
  core.session.close('second')
  t.deepEqual(reasons, ['first'])
})

test('a CloseStream says farewell once, when the audio before it was heard, and a second one changes nothing', (t) => {
  const made = call(new Silent())
  made.link.depthMs = 60
  made.core.onCloseStream('Goodbye')
  made.core.onCloseStream('Again')
  t.is(made.core.state, 'closing')
  t.deepEqual(made.link.told, [])
  made.link.play(60)
  t.deepEqual(made.link.told, [{ type: 'end_stream', data: 'Goodbye' }])
  t.is(made.reason, 'close_stream')
})

test('a CloseStream that comes when the session is ending changes nothing', (t) => {
  const made = call(new Silent())
  made.core.endStream('Time is up', 'time_limit')
  made.core.onCloseStream('Goodbye')
  t.deepEqual(made.link.told, [{ type: 'end_stream', data: 'Time is up' }])
  t.is(made.reason, 'time_limit')
})
