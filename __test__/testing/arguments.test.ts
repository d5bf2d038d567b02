import test, { type ExecutionContext } from 'ava'
import { InvalidEmitError, MessageTooLargeError, type VideoFrame } from '../../src/index.ts'
import { picture, Recording, type TestCall, testCall, tone } from '../../src/testing/index.ts'
import { Echo } from '../helpers/echo.ts'

const RED = picture([220, 30, 30])

async function echo(t: ExecutionContext): Promise<TestCall> {
  const call = await testCall(new Echo(), { seed: 51 })
  t.teardown(() => call.end())
  return call
}

async function camera(t: ExecutionContext): Promise<TestCall> {
  const call = await testCall((frame: VideoFrame) => frame, { modality: 'video', seed: 52 })
  t.teardown(() => call.end())
  return call
}

/** Samples that went to a worker. */
function detached(): Int16Array {
  const samples = new Int16Array(960)
  structuredClone(samples, { transfer: [samples.buffer] })
  return samples
}

test('a message of more than 64 KiB is refused at once, and one of 64 KiB comes', async (t) => {
  const call = await echo(t)
  for (const message of ['x'.repeat(70_000), 'é'.repeat(32_769), ['x'.repeat(65_533)]])
    t.throws(() => call.send(message), { instanceOf: MessageTooLargeError, message: /65,536 bytes/ })
  const messages: string[] = []
  call.session.on('message', (text) => messages.push(text))
  call.send('x'.repeat(65_536))
  await call.wait(1)
  t.deepEqual(
    messages.map(({ length }) => length),
    [65_536],
  )
})

test('pictures are all checked before the first is shown', async (t) => {
  const call = await camera(t)
  const refused = async (film: unknown, options: object, error: object): Promise<void> =>
    void (await t.throwsAsync(call.show(film as never, options), error))
  await refused([], { seconds: 1 }, { instanceOf: RangeError, message: /nothing to show: 0 pictures/ })
  const wrong = { instanceOf: TypeError, message: /^show\(\) takes a picture, or a list of them, not null/ }
  await refused(null, {}, wrong)
  await refused([null], {}, wrong)
  await refused([RED, null], {}, wrong)
  await refused([RED, { ...RED, width: 63 }], {}, { instanceOf: InvalidEmitError })
  await call.wait(0.5)
  t.is(call.seen.length, 0)
})

test("a stream's media that are no options are refused, as a stream refuses them", async (t) => {
  for (const media of [5, null, 'opus'])
    await t.throwsAsync(testCall(new Echo(), { stream: { media } as never }), {
      instanceOf: TypeError,
      message: /option stream\.media must be an object, not/,
    })
})

test('audio that a handler could not emit is not said either, and the test is told why', async (t) => {
  const call = await echo(t)
  const [, samples] = tone(440, { seconds: 0.1 })
  const refused = (sound: unknown, message: RegExp): void => {
    t.throws(() => call.say(sound as never), { message })
    t.throws(() => call.say(tone(300), sound as never), { message })
  }
  for (const rate of [2 ** 32 + 48_000, 2 ** 32, 7999, 192_001])
    refused(
      [rate, samples],
      new RegExp(`play\\(\\) and say\\(\\) take audio at 8,000 to 192,000 Hz, not at ${rate} Hz`),
    )
  refused([48_000, detached()], /say\(\) take no samples whose memory was transferred away/)
  refused(
    [48_000, samples, 'mono', 5],
    /say\(\) take \[sampleRate, samples\] or .*, not \[48000, Int16Array\(4800\), "mono", 5\]/,
  )
  refused([8000, null], /^play\(\) and say\(\) take samples as an Int16Array or a Float32Array, not null/)
  refused('nofile.wav', /^play\(\) and say\(\) take a WAV file, but not "nofile\.wav": ENOENT/)
  refused(5, /^play\(\) and say\(\) take \[sampleRate, samples\] or a WAV file, not 5/)
  await call.wait(0.5)
  call.expectSilence()
})

test('a sound of a rate that no handler emits is refused, not looked for', (t) => {
  const made = new Recording(
    new Int16Array(960 * 500),
    Array.from({ length: 500 }, (_, i) => i * 20),
  )
  const message = /^find\(\) takes audio at 8,000 to 192,000 Hz, not at 1 Hz/
  t.throws(() => made.find([1, new Int16Array(20_000)]), { instanceOf: RangeError, message })
  t.throws(() => made.find([8000, detached()]), { instanceOf: TypeError, message: /^find\(\) takes no samples whose/ })
})

test('silence is not waited for where nothing is heard anyhow', async (t) => {
  const [seen, sending] = [await camera(t), await testCall(new Echo(), { seed: 53, mode: 'send' })]
  t.teardown(() => sending.end())
  const message = /hears nothing anyhow: the stream's modality is 'video'/
  await t.throwsAsync(seen.waitForSilence(), { instanceOf: TypeError, message })
  await t.throwsAsync(sending.waitForSilence(), {
    instanceOf: TypeError,
    message: /anyhow: the stream's mode is 'send'/,
  })
})
