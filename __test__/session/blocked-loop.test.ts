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

/** What a caller heard of its tone. */
interface Heard {
  /** Its share, 0 to 1: a frame that doesn't come in time is made up, and soon is silence. */
  readonly tone: number
  /** The longest stretch without it, in ms. */
  readonly gapMs: number
  /** Holes in what was sent, however late that came. */
  readonly jumps: number
  /** Packets that never came. */
  readonly missing: number
}

/** Waits until the caller has got so many packets more, and says what was heard. */
async function listen(caller: Caller, packets: number): Promise<Heard> {
  let [got, frames, tones, gapMs, jumps, missing] = [0, 0, 0, 0, 0, 0]
  while (got < packets) {
    await new Promise((resolve) => void setTimeout(resolve, 20))
    const report = await caller.report()
    got += report.packets
    frames += report.frames
    tones += report.frames * report.tone
    gapMs = Math.max(gapMs, report.longestGapMs)
    jumps += report.jumps
    missing += report.missing
  }
  return { tone: tones / frames, gapMs, jumps, missing }
}

/**
 * Says that no hole was heard, and none sent. What a blocked event loop holds up is sent later, with the times that it would have had:
 * by these alone nothing is missing. Of a hold-up of 250 ms a listener makes up some 100.
 */
function assertWhole(t: ExecutionContext, { tone, gapMs, jumps, missing }: Heard): void {
  t.deepEqual([jumps, missing], [0, 0], 'no hole in what was sent')
  t.true(tone > 0.95, `${tone} of it is the tone`)
  t.true(gapMs <= 80, `a hole of ${gapMs} ms`)
}

test.serial('audio that is queued plays on while the event loop is blocked for 500 ms', async (t) => {
  const { caller, session } = await talk(t, new Speaks(5))
  await listen(caller, 50)
  await until(() => session.stats().outputQueueMs > 1000)
  block(500)
  assertWhole(t, await listen(caller, 50))
})

test.serial('a quarter of each second blocked is not heard when emit gives a tenth at a time', async (t) => {
  const { caller, session } = await talk(t, new Speaks(0.1))
  await listen(caller, 50)
  for (let second = 0; second < 3; second++) {
    // As much as is kept in advance.
    await until(() => session.stats().outputQueueMs >= 400)
    await caller.report()
    block(250)
    assertWhole(t, await listen(caller, 50))
  }
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
