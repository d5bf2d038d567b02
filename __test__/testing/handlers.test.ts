import test from 'ava'
import {
  AdditionalOutputs,
  type AudioFrame,
  ChannelClosedError,
  CloseStream,
  type EmitType,
  InvalidCopyError,
  NegotiationError,
  SessionClosedError,
  Stream,
  StreamHandler,
  WebRTCError,
} from '../../src/index.ts'
import { silence, testCall, tone } from '../../src/testing/index.ts'
import { Echo } from '../helpers/echo.ts'
import { tone as broadcast } from '../helpers/tone.ts'
import { TurnTaker } from '../helpers/turn-taker.ts'

/** Emits what its script says. */
class Scripted extends StreamHandler {
  readonly #script: (call: number, handler: Scripted) => EmitType
  #calls = 0
  shutdowns = 0
  constructor(script: (call: number, handler: Scripted) => EmitType) {
    super()
    this.#script = script
  }
  override receive(): void {}
  override emit(): EmitType {
    return this.#script(this.#calls++, this)
  }
  override copy(): Scripted {
    return new Scripted(this.#script)
  }
  override shutdown(): void {
    this.shutdowns++
  }
}

test('an echo is heard whole, at the length and the pitch that was said', async (t) => {
  const call = await testCall(new Echo(), { seed: 1 })
  await call.play(tone(440, { seconds: 2 }))
  await call.wait(0.5)
  call.expectHeard({ seconds: 1.95, toneHz: 440, maxHoleMs: 0 })
  t.true(call.heard.soundSeconds < 2.3, `${call.heard.soundSeconds}`)
  t.is(await call.end(), 'peer')
})

test('after the end nothing is sent or said, and the test is told', async (t) => {
  const ended = await testCall(new Echo(), { seed: 1 })
  await ended.end()
  const hungUp = await testCall(new Echo(), { seed: 1 })
  hungUp.hangUp()
  const farewell = await testCall(new Scripted(() => new CloseStream('Good-bye')), { seed: 1 })
  await farewell.waitFor(() => farewell.closeReason !== undefined)
  for (const call of [ended, hungUp, farewell]) {
    t.throws(() => call.send('too late'), { instanceOf: ChannelClosedError, message: /^The call has ended/ })
    await t.throwsAsync(call.play(tone(440)), { instanceOf: SessionClosedError, message: /caller can't speak/ })
    t.throws(() => call.say(tone(440)), { instanceOf: SessionClosedError })
    await call.end()
  }
})

test('a synchronous handler answers in its turn, and is interrupted', async (t) => {
  const call = await testCall(new TurnTaker(), { seed: 2 })
  await call.play(tone(300, { seconds: 1 }), silence(0.4))
  await call.waitForSound()
  call.expectTurn({ replyWithinMs: 450, replyAfterMs: 290 })
  await call.wait(0.5)
  await call.play(tone(300, { seconds: 0.5 }))
  call.expectInterruption({ withinMs: 100 })
  t.is(call.errors.length, 0)
  await call.end()
})

test('a duplex function and a generator function are called as they are', async (t) => {
  const duplex = await testCall(
    async function* (frames: AsyncIterable<AudioFrame>) {
      for await (const frame of frames) yield frame
    },
    { seed: 3 },
  )
  await duplex.play(tone(600))
  await duplex.wait(0.3)
  duplex.expectHeard({ seconds: 0.95, toneHz: 600 })
  await duplex.end()

  const radio = await testCall(broadcast({ hertz: 500 }), { seed: 3, mode: 'receive' })
  await radio.wait(2)
  radio.expectHeard({ seconds: 1.9, maxHoleMs: 0 })
  await t.throwsAsync(radio.play(tone(440)), { instanceOf: TypeError, message: /'receive'/ })
  await radio.end()
})

test("a stream's time limit is counted in the call's own time", async (t) => {
  const handler = new Scripted(() => tone(440, { seconds: 0.1 }))
  const call = await testCall(handler, { seed: 4, stream: { timeLimit: 60 } })
  await call.waitFor(() => call.closeReason !== undefined, { seconds: 100 })
  t.is(call.closeReason, 'time_limit')
  t.true(call.nowMs >= 60_000 && call.nowMs < 61_000, `${call.nowMs} ms`)
  call.expectMessage({ type: 'end_stream' })
  await call.end()
  t.is((call.handler as Scripted).shutdowns, 1)
})

test('audio before CloseStream is heard in full, then the caller is told, and the session ends', async (t) => {
  const script = (n: number): EmitType =>
    n < 3 ? tone(440, { seconds: 0.5 }) : [tone(440, { seconds: 0.5 }), new CloseStream('Goodbye')]
  const call = await testCall(new Scripted(script), { seed: 5 })
  const { atMs } = await call.waitForMessage({ type: 'end_stream', data: 'Goodbye' })
  call.expectHeard({ seconds: 1.98, toneHz: 440, maxHoleMs: 0 })
  t.true(atMs >= (call.heard.sounds().at(-1)?.toMs ?? Infinity) - 20, `told at ${atMs} ms`)
  t.is(await call.end(), 'close_stream')
})

test('messages, inputs and outputs go as between a page and its server', async (t) => {
  const script = (n: number, handler: Scripted): EmitType => {
    if (n === 0) void handler.fetchArgs()
    if (!handler.argsSet.isSet) return null
    handler.reset()
    return new AdditionalOutputs(...handler.latestArgs)
  }
  const call = await testCall(new Scripted(script), { seed: 6 })
  await call.waitForMessage({ type: 'send_input' })
  call.setInput('blue', { size: 3 })
  await call.waitForMessage({ type: 'fetch_output' })
  t.deepEqual(call.outputs[0]?.args, ['__webrtc_value__', 'blue', { size: 3 }])
  call.send({ hello: 'world' })
  const { data } = await call.waitForMessage(/Server received/)
  t.deepEqual(data, { type: 'log', data: 'Server received: {"hello":"world"}' })
  await call.end()
})

test('what a handler throws is among the errors, told to the caller, and told by the next expectation', async (t) => {
  const script = (): EmitType => {
    throw new WebRTCError('Your hour is over')
  }
  const call = await testCall(new Scripted(script), { seed: 7 })
  await call.waitFor(() => call.closeReason !== undefined)
  t.is(call.errors[0]?.message, 'Your hour is over')
  call.expectMessage({ type: 'error', data: 'Your hour is over' })
  t.throws(() => call.expectHeard(), { message: /The handler failed: Your hour is over\. The session ended: error\./ })
  await call.end()
})

test('a stream is called with its own options, and refuses whom it has no place for', async (t) => {
  const stream = new Stream({ handler: new Echo(), concurrencyLimit: 1, media: { bindAddress: '127.0.0.1' } })
  t.teardown(() => stream.close())
  const call = await testCall(stream, { seed: 8, id: 'first' })
  t.is(stream.sessions.get('first'), call.session)
  const error = await t.throwsAsync<NegotiationError>(testCall(stream), { instanceOf: NegotiationError })
  t.is(error?.reason, 'concurrency_limit_reached')
  t.is(await call.end(), 'peer')
  t.is(stream.sessions.size, 0)
  const next = await testCall(stream)
  await next.end()
})

test('two callers of one stream each have a handler and a time of their own', async (t) => {
  const stream = new Stream({ handler: new TurnTaker(), concurrencyLimit: 2 })
  t.teardown(() => stream.close())
  const [one, two] = await Promise.all([testCall(stream, { seed: 9 }), testCall(stream, { seed: 9 })])
  await one.play(tone(440))
  await one.waitForSound()
  t.true(one.nowMs > 1000 && two.nowMs < 500, `${one.nowMs} and ${two.nowMs} ms`)
  await two.wait(0.5)
  two.expectSilence()
  await Promise.all([one.end(), two.end()])
})

test('a caller that vanishes is missed after a while', async (t) => {
  const call = await testCall(new Echo(), { seed: 10 })
  call.vanish()
  await call.waitFor(() => call.session.state === 'disconnected', { seconds: 60 })
  await call.waitFor(() => call.closeReason !== undefined, { seconds: 60 })
  t.is(call.closeReason, 'timeout')
  await call.end()
})

test('a handler that cannot be copied fails its test with the reason', async (t) => {
  class Unique extends Echo {
    override copy(): Echo {
      throw new Error('there is one of me')
    }
  }
  const error = await t.throwsAsync(testCall(new Unique()), { instanceOf: InvalidCopyError })
  t.is(error?.message, 'copy() failed: there is one of me')
})
