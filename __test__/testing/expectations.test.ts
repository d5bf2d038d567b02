import test, { type ExecutionContext } from 'ava'
import { type EmitType, Stream, StreamHandler, type VideoFrame } from '../../src/index.ts'
import { ExpectationError, picture, silence, speech, type TestCall, testCall, tone } from '../../src/testing/index.ts'
import { Echo } from '../helpers/echo.ts'
import { TurnTaker } from '../helpers/turn-taker.ts'

/** Speaks on and on, with a pause after each sentence, whoever else speaks. */
class Impolite extends StreamHandler {
  #sentences = 0
  override receive(): void {}
  override emit(): EmitType {
    return this.#sentences++ % 2 === 1 ? silence(0.3) : tone(440, { seconds: 0.6 })
  }
  override copy(): Impolite {
    return new Impolite()
  }
}

/** A second of 440 Hz, echoed. */
async function echoedTone(t: ExecutionContext): Promise<TestCall> {
  const call = await testCall(new Echo(), { seed: 21 })
  t.teardown(() => call.end())
  await call.play(tone(440, { seconds: 1 }))
  await call.wait(0.5)
  return call
}

function fails(t: ExecutionContext, expectation: () => unknown, message: RegExp): void {
  const error = t.throws<ExpectationError>(expectation, { instanceOf: ExpectationError, message })
  t.is(error?.code, 'ERR_PARLEY_EXPECTATION')
  t.regex(error?.message ?? '', /seed \d+/)
}

test('expectHeard fails for too little, another tone, a hole, a stall, and the wrong time', async (t) => {
  const call = await echoedTone(t)
  call.expectHeard()
  call.expectHeard({ seconds: 0.95, toneHz: 440, maxHoleMs: 20, maxStallMs: 200 })
  fails(t, () => call.expectHeard({ seconds: 2 }), /Expected to hear 2 s of sound; heard 1(\.\d+)? s of sound between/)
  fails(t, () => call.expectHeard({ toneHz: 880 }), /90 % of it 880 Hz; heard .* 0 % of it 880 Hz/)
  fails(t, () => call.expectHeard({ maxStallMs: 10 }), /no stall over 10 ms; heard .* the longest stall \d+ ms/)
  fails(t, () => call.expectHeard({ toMs: -1 }), /before -1 ms; heard nothing in 0 s/)
  await call.play(silence(0.3), tone(440, { seconds: 0.5 }))
  await call.wait(0.3)
  fails(
    t,
    () => call.expectHeard({ maxHoleMs: 100 }),
    /no hole over 100 ms; heard .* the longest hole \d{3} ms at \d{4} ms/,
  )
})

test('expectSilence fails for a sound', async (t) => {
  const call = await echoedTone(t)
  call.expectSilence({ fromMs: 1400 })
  fails(t, () => call.expectSilence(), /Expected silence; heard 1/)
})

test('expectTurn fails for no speech, no reply, one that is late, one that is early, and one that cuts in', async (t) => {
  const call = await testCall(new TurnTaker({ patience: 25 }), { seed: 22 })
  t.teardown(() => call.end())
  fails(t, () => call.expectTurn({ replyWithinMs: 500 }), /the caller has not spoken/)
  await call.play(tone(300, { seconds: 0.5 }))
  fails(
    t,
    () => call.expectTurn({ replyWithinMs: 500 }),
    /the caller spoke from \d+ ms to 5\d\d ms, and heard no reply until/,
  )
  await call.waitForSound()
  call.expectTurn({ replyWithinMs: 650 })
  fails(
    t,
    () => call.expectTurn({ replyWithinMs: 300 }),
    /within 300 ms; .* and the reply came at \d+ ms, after [56]\d\d ms/,
  )
  fails(t, () => call.expectTurn({ replyWithinMs: 900, replyAfterMs: 800 }), /not before 800 ms; .* after [56]\d\d ms/)

  const hasty = await testCall(new TurnTaker({ patience: 5, isPolite: false }), { seed: 22 })
  t.teardown(() => hasty.end())
  await hasty.play([48_000, joined(tone(300), silence(0.25), tone(300))])
  fails(t, () => hasty.expectTurn({ replyWithinMs: 500 }), /and was cut in upon at 11\d\d ms/)
})

test('expectInterruption fails when there is nothing to interrupt, and when it is ignored', async (t) => {
  for (const isPolite of [true, false]) {
    const call = await testCall(new TurnTaker({ isPolite }), { seed: 23 })
    t.teardown(() => call.end())
    await call.play(tone(300, { seconds: 0.5 }))
    fails(
      t,
      () => call.expectInterruption({ withinMs: 200 }),
      /nothing was heard when the caller began, at 0 ms|at \d+ ms/,
    )
    await call.waitForSound()
    await call.wait(0.5)
    await call.play(tone(300, { seconds: 0.6 }))
    if (isPolite) call.expectInterruption({ withinMs: 200 })
    else
      fails(t, () => call.expectInterruption({ withinMs: 200 }), /the handler was heard until \d+ ms, \d{3} ms later/)
  }
})

test('expectMessage and waiting fail, and say what there was', async (t) => {
  const call = await echoedTone(t)
  call.send('ping')
  await call.waitForMessage('ping')
  fails(
    t,
    () => call.expectMessage({ type: 'end_stream' }),
    /a message \{"type":"end_stream"\}; the caller got .*ping.* at \d+ ms/,
  )
  await t.throwsAsync(call.waitForMessage('pong', { seconds: 0.1 }), { instanceOf: ExpectationError })
  await t.throwsAsync(call.waitForSound({ seconds: 0.3 }), { message: /Waited 0\.3 s for a sound in vain; heard 1/ })
  await t.throwsAsync(
    call.waitFor(() => false, { seconds: 0.1, what: 'a miracle' }),
    { message: /for a miracle in vain/ },
  )
})

test('options that can not be are refused by name', async (t) => {
  const refused = async (options: object, message: RegExp): Promise<void> => {
    await t.throwsAsync(testCall(new Echo(), options), { message })
  }
  await refused({ loss: 2 }, /option loss must be from 0 to 1, not/)
  await refused({ jitterMs: -1 }, /jitterMs/)
  await refused({ seed: 0.5 }, /seed/)
  await refused({ over: 'tcp' }, /over/)
  await refused({ lose: 0.1 }, /lose/)
  await refused({ loss: '0.1' }, /option loss must be from 0 to 1, not "0\.1"/)
  await refused({ onTime: 5 }, /onTime must be a function, not 5/)
  await refused({ stream: 5 }, /stream must be an object, not 5/)
  await refused({ stream: null }, /stream must be an object, not null/)
  await t.throwsAsync(testCall('handler' as never), { instanceOf: TypeError, message: /handler/ })
})

test('an expectation that is misspelt or no number is refused, for it would be met by anything', async (t) => {
  const call = await echoedTone(t)
  const refused = (expectation: () => unknown, message: RegExp): void => void t.throws(expectation, { message })
  refused(() => call.expectHeard({ second: 9 } as never), /There is no option second; there are seconds,/)
  refused(() => call.expectHeard({ maxHoleMs: NaN }), /maxHoleMs must be a number, not NaN/)
  refused(() => call.expectHeard({ seconds: '9' as never }), /seconds must be a number, not "9"/)
  refused(() => call.expectSeen({ picture: 9 } as never), /There is no option picture; there are pictures,/)
  refused(() => call.expectSeen({ colour: 'red' as never }), /A colour is .*, not "red"/)
  refused(() => call.expectSilence({ from: 1400 } as never), /There is no option from; there are fromMs, toMs/)
  refused(() => call.expectTurn({ withinMs: 9 } as never), /There is no option withinMs; there are replyWithinMs,/)
  refused(() => call.expectTurn({} as never), /replyWithinMs must be a number, not undefined/)
  refused(() => call.expectInterruption(undefined as never), /The options must be an object, not undefined/)
  refused(() => call.expectInterruption({ withinMs: NaN }), /withinMs must be a number, not NaN/)
  for (const match of [undefined, null, 5, []]) refused(() => call.expectMessage(match as never), /A message is a text/)
})

test('what can not be waited for, said or shown is refused at once, and nothing hangs', async (t) => {
  const call = await echoedTone(t)
  const refused = async (act: () => unknown, message: RegExp): Promise<void> =>
    void (await t.throwsAsync(async () => act(), { message }))
  await refused(
    () => call.waitFor(() => false, { seconds: NaN }),
    /A call waits a number of seconds, from 0 to 86,400, not NaN/,
  )
  await refused(() => call.waitFor(() => false, { second: 1 } as never), /There is no option second; there are seconds/)
  await refused(() => call.waitFor(true as never), /waits for a function to be true, not true/)
  await refused(() => call.waitForSound({ seconds: Infinity }), /A call waits a number of seconds, .*, not Infinity/)
  await refused(() => call.waitForSound(5 as never), /The options must be an object, not 5/)
  await refused(() => call.waitForPicture({ seconds: NaN }), /seconds must be a number, not NaN/)
  await refused(() => call.waitForSilence({ for: 9 } as never), /There is no option for; there are forMs, seconds/)
  await refused(() => call.waitForMessage(5 as never), /A message is a text, a pattern, .*, not 5/)
  await refused(() => call.setNetwork({ lose: 1 } as never), /There is no option lose; there are loss,/)
  await refused(() => call.setNetwork('bad' as never), /The options must be an object, not "bad"/)
  await refused(() => tone(440, { second: 2 } as never), /There is no option second; there are seconds, loudness/)
  await refused(() => picture([1, 2, 3], { widht: 2 } as never), /There is no option widht; there are width, height/)
  await refused(() => picture([1, 2, 3], { width: NaN }), /width must be an integer from 1 to 4096, not NaN/)
})

test('an expectation that anything would meet is refused, with what to give instead', async (t) => {
  const call = await echoedTone(t)
  const refused = (expectation: () => unknown, message: RegExp): void => void t.throws(expectation, { message })
  const backwards = { fromMs: 1500, toMs: 500 }
  for (const expectation of [
    () => call.expectSilence(backwards),
    () => call.expectHeard(backwards),
    () => call.expectSeen(backwards),
    () => call.heard.between(1500, 500),
  ])
    refused(expectation, /fromMs must be less than toMs: nothing lies from 1500 to 500 ms/)
  refused(
    () => call.expectSilence({ fromMs: 5000 }),
    /silence from 5000 ms to 1\d+ ms, as it is 1\d+ ms now: let time pass/,
  )
  refused(() => call.expectSilence({ fromMs: 1400, toMs: 9000 }), /silence from 1400 ms to 9000 ms/)
  refused(() => call.expectSilence({ fromMs: 301, toMs: 305 }), /a part of at least 20 ms that is over/)
  refused(() => call.expectSilence({ fromMs: call.nowMs }), /let time pass/)
  refused(() => call.heard.between(NaN), /fromMs must be a number, not NaN/)
  refused(() => call.heard.toneShare(NaN), /hertz must be a number, not NaN/)
  refused(() => call.heard.sounds(-1), /mergeMs must be at least 0, not -1/)
  refused(() => call.heard.find(5 as never), /Audio must be \[sampleRate, samples\], not 5/)
  refused(() => call.expectHeard({ toneHz: 440, share: 0 }), /share must be from 0\.01 to 1, not 0/)
  refused(() => call.expectHeard({ share: 0.5 }), /share, 0\.5, is that of a tone: say which by toneHz/)
  refused(() => call.expectHeard({ seconds: -1 }), /seconds must be at least 0, not -1/)
  refused(() => call.expectSeen({ pictures: 0 }), /pictures must be at least 1, not 0/)
  refused(
    () => call.expectTurn({ replyWithinMs: 100, replyAfterMs: 200 }),
    /replyAfterMs must be from 0 to 100, not 200/,
  )
  refused(() => call.expectInterruption({ withinMs: -1 }), /withinMs must be at least 0, not -1/)
  refused(() => call.expectMessage(''), /Any message would be '': say what it has/)
  refused(() => call.expectMessage({}), /Any message would be \{\}: say what it has/)
  call.send('ping')
  await call.waitForMessage('ping')
  refused(() => call.expectMessage((async () => false) as never), /must say at once .* not by a promise/)
  await t.throwsAsync(call.waitFor((async () => false) as never), { message: /must say at once .* not by a promise/ })
  await t.throwsAsync(call.waitForSilence({ forMs: 0 }), { message: /forMs must be at least 1, not 0/ })
})

test('silence at a caller who hears nothing anyhow is refused', async (t) => {
  const call = await testCall(new Echo(), { seed: 24, mode: 'send' })
  t.teardown(() => call.end())
  await call.wait(0.5)
  t.throws(() => call.expectSilence(), { instanceOf: TypeError, message: /hears nothing anyhow: .* mode is 'send'/ })
})

test('an interruption is none while the handler is still heard', async (t) => {
  const call = await testCall(new TurnTaker({ isPolite: false }), { seed: 25 })
  t.teardown(() => call.end())
  await call.play(tone(300, { seconds: 0.5 }))
  await call.waitForSound()
  call.say(tone(300, { seconds: 0.6 }))
  await call.wait(0.15)
  fails(
    t,
    () => call.expectInterruption({ withinMs: 200 }),
    /the handler was still heard at \d+ ms: let more time pass/,
  )
})

test('a handler that goes on after the pause between two sentences was not interrupted', async (t) => {
  const waits = [1.36, 1.4, 1.45, 1.49]
  for (const seconds of waits) {
    const call = await testCall(new Impolite(), { seed: 1 })
    await call.wait(seconds)
    await call.play(tone(300, { seconds: 1 }))
    await call.wait(1)
    fails(
      t,
      () => call.expectInterruption({ withinMs: 200 }),
      /the caller began at 1\d{3} ms, and the handler was silent at 1\d{3} ms, but heard again from 1\d{3} ms on/,
    )
    await call.end()
  }
})

test('a film that stands still from its first picture on is frozen', async (t) => {
  let pictures = 0
  const call = await testCall((frame: VideoFrame) => (pictures++ === 0 ? frame : null), { modality: 'video', seed: 26 })
  t.teardown(() => call.end())
  await call.show(picture([220, 30, 30]), { seconds: 1 })
  await call.wait(0.3)
  call.expectSeen({ pictures: 1 })
  fails(t, () => call.expectSeen({ maxFreezeMs: 100 }), /saw 1 picture/)
})

test('options that contradict each other, or would be ignored, are refused', async (t) => {
  const refused = async (subject: Stream | Echo, options: object, message: RegExp): Promise<void> =>
    void (await t.throwsAsync(testCall(subject, options), { instanceOf: TypeError, message }))
  await refused(
    new Echo(),
    { over: 'udp', clock: 'virtual' },
    /clock can't be 'virtual' over UDP, where time is real: leave/,
  )
  await refused(new Echo(), { over: 'udp', onTime() {} }, /onTime is never called over UDP, where time is real: leave/)
  await refused(new Echo(), { stream: { handler: 5 } }, /stream\.handler can't be: the handler is .* first argument/)
  await refused(new Echo(), { stream: { mode: 'send' } }, /stream\.mode can't be: give mode beside stream/)
  await refused(new Echo(), { id: 5 }, /id must be a string, not 5/)
  const stream = new Stream({ handler: new Echo() })
  t.teardown(() => stream.close())
  await refused(stream, { stream: { timeLimit: 1 } }, /a stream is: give it its options itself/)
  await refused(stream, { mode: 'send' }, /mode can't be "send": the stream's own is 'send-receive'; leave it out/)
  const call = await testCall(stream, { mode: 'send-receive', modality: 'audio' })
  t.is(await call.end(), 'peer')
})

test('what can not be sent, made or waited for is refused in words, with its limits', async (t) => {
  const call = await echoedTone(t)
  const circle: unknown[] = []
  circle.push(circle)
  for (const message of [undefined, () => 5, Symbol('s'), 5n, circle, null, 5, new Uint8Array(3)])
    t.throws(() => call.send(message), {
      instanceOf: TypeError,
      message: /^send\(\) takes a text, or an object or a list that JSON can carry, not/,
    })
  const range = (act: () => unknown, message: RegExp): void => void t.throws(act, { instanceOf: RangeError, message })
  range(() => tone(440, { seconds: 1e9 }), /from 0 to 3,600, not 1000000000/)
  range(() => silence(1e9), /from 0 to 3,600, not 1000000000/)
  t.throws(() => tone('440' as never), { instanceOf: TypeError, message: /hertz must be a number, not "440"/ })
  t.throws(() => speech(5 as never), { instanceOf: TypeError, message: /a WAV file, by its path or its bytes, not 5/ })
  t.throws(() => call.say(), { instanceOf: TypeError, message: /give at least one sound/ })
  t.throws(() => call.say([0, new Int16Array(2)]), { message: /sample rate must be a positive integer in Hz, not 0/ })
  t.throws(() => call.say([48_000, 'aa'] as never), { instanceOf: TypeError, message: /not "aa"/ })
  for (const seconds of [1e12, -1, '1' as never])
    await t.throwsAsync(call.wait(seconds), { instanceOf: RangeError, message: /from 0 to 86,400, not/ })
  const camera = await testCall((frame: VideoFrame) => frame, { modality: 'video', seed: 27 })
  t.teardown(() => camera.end())
  const red = picture([220, 30, 30])
  for (const [pictures, options] of [
    [[], {}],
    [red, { seconds: 0.001 }],
    [red, { fps: Infinity }],
  ] as const)
    await t.throwsAsync(camera.show(pictures, options), {
      instanceOf: RangeError,
      message: /nothing to show|fps must be/,
    })
})

test('a recording stays as it was taken while more is heard, in whatever pieces', async (t) => {
  const call = await echoedTone(t)
  const early = call.heard
  const samples = early.samples.slice()
  await call.play(tone(880, { seconds: 1 }))
  await call.waitForSilence({ forMs: 300 })
  const late = call.heard
  t.deepEqual(early.samples, samples)
  t.deepEqual(late.samples.subarray(0, samples.length), samples)
  t.is(late.samples.length, late.frameTimes.length * 960)
  t.true(late.between(early.frameTimes.at(-1) ?? 0).toneShare(880) > 0.9)
})

function joined(...sounds: ReturnType<typeof tone>[]): Int16Array {
  return Int16Array.from(sounds.flatMap(([, samples]) => [...samples]))
}
