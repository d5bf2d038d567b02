import test, { type ExecutionContext } from 'ava'
import { type Caller, Callers, type Sound } from '../../soak/callers.ts'
import {
  AsyncStreamHandler,
  type AudioFrame,
  type EmitType,
  type Session,
  Stream,
  StreamHandler,
  type StreamHandlerBase,
} from '../../src/index.ts'
import { until } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'

// The caller and the media threads go on while this thread does nothing else.
const callers = Callers.start()
const alive = setInterval(() => undefined, 1000)

test.after.always(async () => {
  clearInterval(alive)
  await callers.kill()
})

/** Holds this thread up, as a slow computation does. */
function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

async function talk(
  t: ExecutionContext,
  handler: StreamHandlerBase,
  sound?: Sound,
): Promise<{ caller: Caller; session: Session }> {
  const stream = new Stream({ handler, media: { bindAddress: '127.0.0.1' } })
  t.teardown(() => stream.close())
  const caller = await callers.call(stream, sound)
  const session = [...stream.sessions.values()][0] as Session
  await until(() => session.stats().packetsIn > 10)
  return { caller, session }
}

/** 440 Hz without an end, in chunks of that many seconds. */
class Speaks extends AsyncStreamHandler {
  readonly #seconds: number
  constructor(seconds: number) {
    super()
    this.#seconds = seconds
  }
  override async receive(): Promise<void> {}
  override async emit(): Promise<EmitType> {
    const sine = (_: unknown, i: number): number => 8000 * Math.sin((2 * Math.PI * 440 * i) / 24_000)
    return [24_000, Int16Array.from({ length: 24_000 * this.#seconds }, sine)]
  }
  override copy(): Speaks {
    return new Speaks(this.#seconds)
  }
}

/** Keeps what it hears. */
class Counts extends StreamHandler {
  static heard: AudioFrame[] = []
  override receive(frame: AudioFrame): void {
    Counts.heard.push(frame)
  }
  override emit(): EmitType {
    return null
  }
  override copy(): Counts {
    return new Counts()
  }
}

/** Waits until the caller has got so many packets more, and says whether its tone came without a hole. */
async function listen(caller: Caller, packets: number): Promise<{ tone: number; jumps: number; missing: number }> {
  let [got, frames, tones, jumps, missing] = [0, 0, 0, 0, 0]
  while (got < packets) {
    await new Promise((resolve) => void setTimeout(resolve, 20))
    const report = await caller.report()
    got += report.packets
    frames += report.frames
    tones += report.frames * report.tone
    jumps += report.jumps
    missing += report.missing
  }
  return { tone: tones / frames, jumps, missing }
}

test.serial('audio that is queued plays on while the event loop is blocked for 500 ms', async (t) => {
  const { caller, session } = await talk(t, new Speaks(5))
  await listen(caller, 50)
  await until(() => session.stats().outputQueueMs > 1000)
  block(500)
  const heard = await listen(caller, 50)
  t.deepEqual([heard.jumps, heard.missing], [0, 0], 'no hole in what was sent')
  t.true(heard.tone > 0.95, `${heard.tone} of it is the tone`)
})

test.serial('100 ms of each second blocked are not heard when emit gives a tenth of a second at a time', async (t) => {
  const { caller } = await talk(t, new Speaks(0.1))
  await listen(caller, 50)
  let [jumps, missing] = [0, 0]
  for (let second = 0; second < 3; second++) {
    block(100)
    const heard = await listen(caller, 50)
    jumps += heard.jumps
    missing += heard.missing
  }
  t.deepEqual([jumps, missing], [0, 0])
})

test.serial(
  'frames that arrive while the event loop is blocked wait for the handler, in order and complete',
  async (t) => {
    const { session } = await talk(t, new Counts())
    await until(() => Counts.heard.length > 10)
    const [before, packets] = [Counts.heard.length, session.stats().packetsIn]
    block(500)
    t.is(Counts.heard.length, before, 'nothing was received meanwhile')
    await until(() => session.stats().packetsIn >= packets + 50)
    await until(() => Counts.heard.length >= before + 50)
    const { inputDropped, lost, late } = session.stats()
    t.deepEqual({ inputDropped, lost, late }, { inputDropped: 0, lost: 0, late: 0 })
    const loud = Counts.heard.slice(before).filter(([, samples]) => samples.some((sample) => Math.abs(sample) > 4000))
    t.is(loud.length, Counts.heard.length - before, 'every frame is of the tone')
  },
)

test.serial('an echo whose event loop was blocked sends what was held up, and is late no more', async (t) => {
  const { caller } = await talk(t, new Echo(), 'beeps')
  const delay = async (): Promise<number> => {
    let delays: readonly number[] = []
    while (delays.length === 0) {
      await new Promise((resolve) => void setTimeout(resolve, 200))
      delays = (await caller.report()).delaysMs
    }
    return delays.at(-1) ?? NaN
  }
  while ((await delay()) > 100) t.log('the call has just begun')
  block(400)
  // A beep that fell into the time when it was blocked comes late.
  const after = [await delay(), await delay(), await delay(), await delay()]
  t.true(
    after.slice(1).every((ms) => ms < 200),
    `delays of ${after.join(', ')} ms`,
  )
})
