import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import {
  AsyncStreamHandler,
  type AudioFrame,
  type EmitAudio,
  type EmitType,
  waitForItem,
  AsyncQueue,
  WorkerHandler,
} from '../../src/index.ts'
import { testCall, tone } from '../../src/testing/index.ts'
import { Echo } from '../helpers/echo.ts'

const BAD = { loss: 0.1, jitterMs: 40, reordering: 0.05, duplicates: 0.02 }

/** Answers the first loud frame with a tone, after a timer of its own. */
class Slow extends AsyncStreamHandler {
  readonly #answers = new AsyncQueue<EmitType>()
  #isAsked = false
  override async receive([, samples]: AudioFrame): Promise<void> {
    if (this.#isAsked || !samples.some((sample) => Math.abs(sample) > 500)) return
    this.#isAsked = true
    setTimeout(() => void this.#answers.put(tone(880, { seconds: 0.5 })), 700)
  }
  override emit(): Promise<EmitType> {
    return waitForItem(this.#answers)
  }
  override copy(): Slow {
    return new Slow()
  }
}

/** Drops what it has emitted whenever it is asked for more. */
class Hasty extends AsyncStreamHandler {
  readonly #count: () => void
  constructor(count: () => void) {
    super()
    this.#count = count
  }
  override async receive(): Promise<void> {}
  override async emit(): Promise<EmitType> {
    this.#count()
    this.clearQueue()
    return [24_000, new Int16Array(480).fill(100)]
  }
  override copy(): Hasty {
    return new Hasty(this.#count)
  }
}

/** Takes its time to shut down, in two parts. */
class SlowToLeave extends Echo {
  hasLeft = false
  override async shutdown(): Promise<void> {
    await sleep(10)
    await sleep(1500)
    this.hasLeft = true
  }
  override copy(): SlowToLeave {
    return new SlowToLeave()
  }
}

/** A timer of a handler's own, real or fake. */
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}

async function* beeps(): AsyncGenerator<EmitAudio> {
  for (;;) {
    yield tone(440, { seconds: 0.1 })
    await sleep(1000)
  }
}

async function echoed(seed: number): Promise<readonly [string, number]> {
  const call = await testCall(new Echo(), { ...BAD, seed })
  await call.play(tone(440, { seconds: 3 }))
  await call.end()
  const { samples, frameTimes } = call.heard
  return [Buffer.from(samples.buffer).toString('base64'), frameTimes.length]
}

test.serial('the same seed gives the same call, sample by sample, and another seed another', async (t) => {
  const [first, again, other] = [await echoed(11), await echoed(11), await echoed(12)]
  t.true(first[1] > 100)
  t.is(first[1], again[1])
  t.true(first[0] === again[0], 'the same samples')
  t.false(first[0] === other[0])
})

test.serial('a handler that drops all it emits holds up neither time nor the processor', async (t) => {
  for (const clock of ['virtual', 'real'] as const) {
    let emits = 0
    const handler = new Hasty(() => void emits++)
    const call = await testCall(handler, { seed: 16, clock })
    await call.wait(1)
    t.true(emits > 50 && emits < 20_000, `${emits} calls of emit with the ${clock} clock`)
    t.is(await call.end(), 'peer')
  }
})

test.serial("fake timers go along with the call's time", async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const call = await testCall(new Slow(), { seed: 13, onTime: (ms) => mock.timers.tick(ms) })
  await call.play(tone(300, { seconds: 0.2 }))
  await call.waitForSound()
  t.notThrows(() => call.expectTurn({ replyAfterMs: 480, replyWithinMs: 620 }))
  await call.end()
})

test.serial('a call ends while functions sleep by fake timers, and while shutdown() does', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const onTime = (ms: number): void => mock.timers.tick(ms)
  for (const make of [
    () => testCall(beeps, { mode: 'receive', seed: 17, onTime }),
    () => testCall(() => beeps(), { seed: 17, onTime }),
  ]) {
    const call = await make()
    await call.wait(1.5)
    const [, second] = call.heard.sounds()
    t.true(Math.abs((second?.fromMs ?? 0) - 1000) < 100, `the second beep came at ${second?.fromMs} ms`)
    t.is(await call.end(), 'peer')
  }
  const leaving = await testCall(new SlowToLeave(), { seed: 17, onTime })
  t.is(await leaving.end(), 'peer')
  t.true((leaving.handler as SlowToLeave).hasLeft)
})

test.serial('a call ends even where nobody lets time pass for the fake timers of its generator', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const call = await testCall(beeps, { mode: 'receive', seed: 18 })
  await call.wait(0.5)
  t.is(await call.end(), 'peer')
})

test.serial('a call without fake timers waits for a real shutdown(), and none of its own time passes', async (t) => {
  const call = await testCall(new SlowToLeave(), { seed: 19 })
  call.hangUp()
  await call.waitFor(() => call.closeReason !== undefined)
  const { nowMs } = call
  await call.end()
  t.is(call.nowMs, nowMs)
  t.true((call.handler as SlowToLeave).hasLeft)
})

test.serial('what can not come any more after the end is not waited for, over real UDP as in memory', async (t) => {
  for (const over of ['memory', 'udp'] as const) {
    const call = await testCall(new Echo(), { seed: 20, over })
    await call.end()
    const begin = performance.now()
    const [sound, message, picture] = [call.waitForSound(), call.waitForMessage('hello'), call.waitForPicture()]
    await t.throwsAsync(sound, { message: /^Waited for a sound, but the call has ended; heard .* session ended: peer/ })
    await t.throwsAsync(message, { message: /^Expected a message "hello"; .* The session ended: peer\.$/ })
    await t.throwsAsync(picture, { message: /^Waited for a picture, but the call has ended; saw nothing/ })
    t.true(performance.now() - begin < 2000)
  }
})

test.serial('what is under way to the caller when the session ends is waited for', async (t) => {
  const call = await testCall(new Echo(), { seed: 21 })
  call.setNetwork({ latencyMs: 3000 })
  call.session.sendMessage('farewell')
  call.session.close('enough')
  await turn()
  t.is(call.closeReason, 'enough')
  const { atMs } = await call.waitForMessage('farewell')
  t.true(atMs >= 3000, `${atMs} ms`)
  const before = call.nowMs
  await t.throwsAsync(call.waitForMessage('more', { seconds: 60 }), { message: /The session ended: enough\./ })
  t.true(call.nowMs - before < 6000, `${call.nowMs - before} ms`)
  await call.end()
})

test.serial("with a real clock a handler's own timers fit the call", async (t) => {
  const call = await testCall(new Slow(), { seed: 14, clock: 'real' })
  await call.play(tone(300, { seconds: 0.2 }))
  await call.waitForSound()
  t.notThrows(() => call.expectTurn({ replyAfterMs: 400, replyWithinMs: 5000 }))
  await call.end()
})

test.serial('a handler on a worker thread is called in real time, in memory and over real UDP', async (t) => {
  const handler = new WorkerHandler(new URL('../workers/handlers/duplex.ts', import.meta.url), { threads: 1 })
  await t.throwsAsync(testCall(handler), { instanceOf: TypeError, message: /virtual time/ })
  for (const options of [{ clock: 'real' }, { over: 'udp' }] as const) {
    const call = await testCall(handler, { seed: 15, ...options })
    await call.play(tone(440, { seconds: 1 }))
    await call.wait(0.5)
    t.notThrows(() => call.expectHeard({ seconds: 0.8 }))
    t.is(await call.end(), 'peer')
  }
})
