import test from 'ava'
import { SessionClosedError, Stream } from '../../src/index.ts'
import { type TestCall, testCall, tone } from '../../src/testing/index.ts'
import { Echo } from '../helpers/echo.ts'
import { tone as broadcast } from '../helpers/tone.ts'

type Key = [digit: string, durationMs: number]

/** Notes the keys that a call's session is told of. */
function keysOf(call: TestCall): Key[] {
  const keys: Key[] = []
  call.session.on('dtmf', (...key) => keys.push(key))
  return keys
}

/** Tells each client of its keys. */
function menu(): Stream {
  const stream = new Stream({ handler: new Echo(), mode: 'send-receive' })
  stream.on('session', (session) =>
    session.on('dtmf', (digit) => session.sendMessage(JSON.stringify({ type: 'menu', digit }))),
  )
  return stream
}

test('each key that a caller presses is told once, in order, with how long it was down', async (t) => {
  const call = await testCall(new Echo(), { seed: 51 })
  t.teardown(() => call.end())
  const keys = keysOf(call)
  const start = call.nowMs
  await call.press('0123456789*#ABCD')
  t.deepEqual(
    keys,
    Array.from('0123456789*#ABCD', (digit) => [digit, 100]),
  )
  t.is(Math.round(call.nowMs - start), 16 * 180, 'the gaps of 70 ms take four packets')
  await call.press('77', { forMs: 41, gapMs: 30 })
  await call.press('#', { forMs: 6000 })
  t.deepEqual(keys.slice(16), [
    ['7', 60],
    ['7', 60],
    ['#', 6000],
  ])
  t.is(call.session.stats().lost, 0)
})

test('keys that are pressed while others are wait for them', async (t) => {
  const call = await testCall(new Echo(), { seed: 52 })
  t.teardown(() => call.end())
  const keys = keysOf(call)
  await Promise.all([call.press('12'), call.press('3', { forMs: 200 })])
  t.deepEqual(keys, [
    ['1', 100],
    ['2', 100],
    ['3', 200],
  ])
})

test('a caller speaks on after a key, and is not heard while it is down', async (t) => {
  const call = await testCall(new Echo(), { seed: 53 })
  t.teardown(() => call.end())
  call.say(tone(440, { seconds: 3 }))
  await call.wait(1)
  await call.press('5', { forMs: 1000 })
  await call.wait(1.5)
  t.notThrows(() => call.expectHeard({ toMs: 1000, toneHz: 440 }))
  t.notThrows(() => call.expectSilence({ fromMs: 1300, toMs: 1900 }))
  t.notThrows(() => call.expectHeard({ fromMs: 2150, toMs: 2900, seconds: 0.7, toneHz: 440 }))
})

for (const over of ['memory', 'udp'] as const) {
  test(`keys arrive where a fifth gets lost, over ${over}`, async (t) => {
    const stream = menu()
    t.teardown(() => stream.close())
    const call = await testCall(stream, { over, loss: 0.2, jitterMs: 20, seed: 54 })
    const keys = keysOf(call)
    await call.press('5#', { forMs: 200, gapMs: 400 })
    await call.waitForMessage({ type: 'menu', digit: '#' })
    t.is(keys.map(([digit]) => digit).join(''), '5#')
    call.setNetwork({})
    await call.end()
  })
}

test('what is no key, or can not be pressed, is refused with what there is', async (t) => {
  const call = await testCall(new Echo(), { seed: 55 })
  const keys = keysOf(call)
  const refused = async (act: () => unknown, message: RegExp): Promise<void> =>
    void (await t.throwsAsync(async () => act(), { message }))
  await refused(() => call.press('12a'), /The keys of a telephone are 0 to 9, \*, # and A to D, not "a"/)
  await refused(() => call.press('1 2'), /not " "/)
  await refused(() => call.press(''), /not ""/)
  await refused(() => call.press('7'.repeat(1001)), /press\(\) takes up to 1000 keys at once, not 1001/)
  await refused(() => call.press(5 as never), /press\(\) takes keys as a text, such as '1' or '42#', not 5/)
  await refused(() => call.press('5', { forMs: 39 }), /forMs must be from 40 to 6000, not 39/)
  await refused(() => call.press('5', { forMs: NaN }), /forMs must be a number, not NaN/)
  await refused(() => call.press('5', { gapMs: 6001 }), /gapMs must be from 30 to 6000, not 6001/)
  await refused(() => call.press('5', { seconds: 1 } as never), /There is no option seconds; there are forMs, gapMs/)
  await call.wait(1)
  t.deepEqual(keys, [])
  await call.end()
  await t.throwsAsync(call.press('5'), { instanceOf: SessionClosedError, message: /the caller can't press a key/ })
})

test('who only listens, or is only seen, presses no keys', async (t) => {
  const listener = await testCall(broadcast(), { mode: 'receive', seed: 56 })
  await t.throwsAsync(listener.press('5'), { message: "The caller can't press a key: the stream's mode is 'receive'" })
  await listener.end()
  const film = await testCall((frame) => frame, { modality: 'video', seed: 57 })
  await t.throwsAsync(film.press('5'), { message: /can't press a key: the stream's modality is 'video'/ })
  await film.end()
})
