import test, { type ExecutionContext } from 'ava'
import {
  AsyncStreamHandler,
  type EmitType,
  type SessionStats,
  StreamHandler,
  type StreamHandlerBase,
} from '../../src/index.ts'
import { type NetworkOptions, type TestCall, testCall, tone } from '../../src/testing/index.ts'
import { readStats } from '../../src/session/session-stats.ts'
import { Echo } from '../helpers/echo.ts'

/** From one end to the other. */
const WAY_MS = 20
const SECONDS = 10
/** Of the caller's tone, in dB: half of full scale. Opus takes a quieter one for noise, of which it sends no copies. */
const LOUDNESS = -9

const {
  packetsIn: _packets,
  bytesIn: _bytes,
  jitterMs: _jitter,
  roundTripMs: _roundTrip,
  ...NOTHING
} = readStats(undefined)
/** What doesn't move when nothing is wrong and nothing is said to the caller. */
const STILL = { ...NOTHING, reorderAllowanceMs: 3, bitrate: 96_000 }

/** Says nothing. */
class Listens extends StreamHandler {
  override receive(): void {}
  override emit(): EmitType {
    return null
  }
  override copy(): Listens {
    return new Listens()
  }
}

/** Says a tone for so many seconds. */
class Says extends StreamHandler {
  readonly #seconds: number
  #said = 0
  constructor(seconds: number) {
    super()
    this.#seconds = seconds
  }
  override receive(): void {}
  override emit(): EmitType {
    return this.#said++ < this.#seconds ? tone(880) : null
  }
  override copy(): Says {
    return new Says(this.#seconds)
  }
}

/** Takes one frame, and never another. */
class Stuck extends AsyncStreamHandler {
  override receive(): Promise<void> {
    return new Promise(() => undefined)
  }
  override emit(): Promise<EmitType> {
    return new Promise(() => undefined)
  }
  override copy(): Stuck {
    return new Stuck()
  }
}

/** A call that has been going on for a second, over a good network. */
async function connect(t: ExecutionContext, handler: StreamHandlerBase = new Listens()): Promise<TestCall> {
  const call = await testCall(handler, { seed: 7, latencyMs: WAY_MS })
  t.teardown(() => call.end())
  await call.wait(1)
  return call
}

/** What is told after some seconds of a tone over such a network, and how many packets the caller sent meanwhile. */
async function statistics(
  t: ExecutionContext,
  network: NetworkOptions,
  { handler = new Listens(), seconds = SECONDS }: { handler?: StreamHandlerBase; seconds?: number } = {},
): Promise<SessionStats & { sent: number }> {
  const call = await connect(t, handler)
  const before = call.session.stats()
  call.setNetwork({ latencyMs: WAY_MS, ...network })
  await call.play(tone(440, { seconds, loudness: LOUDNESS }))
  const stats = call.session.stats()
  t.log(stats)
  return { ...stats, sent: stats.packetsIn + stats.lost - before.packetsIn - before.lost }
}

/** Says that nothing has moved but these. */
function assertStill(t: ExecutionContext, stats: SessionStats, ...moved: (keyof typeof STILL)[]): void {
  const names = new Set<string>(moved)
  t.like(stats, Object.fromEntries(Object.entries(STILL).filter(([name]) => !names.has(name))))
}

function assertWithin(t: ExecutionContext, value: number, [least, most]: readonly [number, number]): void {
  t.true(value >= least && value <= most, `${value} is not from ${least} to ${most}`)
}

test('over a good network nothing is counted but packets and bytes', async (t) => {
  const { sent, ...stats } = await statistics(t, {})
  assertStill(t, stats)
  // Statistics are up to a tenth of a second old.
  assertWithin(t, sent, [50 * SECONDS - 10, 50 * SECONDS + 10])
  t.true(stats.bytesIn > 20 * stats.packetsIn, `${stats.bytesIn} bytes in ${stats.packetsIn} packets`)
  assertWithin(t, stats.roundTripMs, [2 * WAY_MS - 5, 2 * WAY_MS + 5])
  assertWithin(t, stats.jitterMs, [0, 4])
})

test('jitter alone is told as jitter, and as the delay that its echo needs', async (t) => {
  // The drift of clocks is known after half a minute; there is none here but what jitter makes believe.
  const stats = await statistics(t, { jitterMs: 40 }, { handler: new Echo(), seconds: 40 })
  const { jitterMs, cushionMs, driftPpm, concealed, packetsOut, bytesOut } = stats
  assertStill(
    t,
    stats,
    'packetsOut',
    'bytesOut',
    'concealed',
    'driftPpm',
    'underruns',
    'cushionMs',
    'inputQueueMs',
    'outputQueueMs',
  )
  // A third of the most, a little less for order being kept.
  assertWithin(t, jitterMs, [5, 25])
  assertWithin(t, cushionMs, [26, 60])
  assertWithin(t, concealed, [0, 10])
  assertWithin(t, driftPpm, [-500, 500])
  t.true(packetsOut > 1500 && bytesOut > 20 * packetsOut, `${bytesOut} bytes in ${packetsOut} packets`)
})

test('packets out of order are told as late until it is known how long to wait for one', async (t) => {
  const stats = await statistics(t, { reordering: 0.05 })
  const { late, lost, concealed, reorderAllowanceMs } = stats
  assertStill(t, stats, 'late', 'lost', 'concealed', 'refused', 'reorderAllowanceMs')
  assertWithin(t, late, [1, 10])
  t.is(lost, late, 'what was given up came all the same')
  assertWithin(t, concealed, [1, 10])
  // They come 50 ms after their turn, and the next one after 20.
  assertWithin(t, reorderAllowanceMs, [20, 45])
})

test('packets that come twice are told as duplicates', async (t) => {
  const stats = await statistics(t, { duplicates: 0.3 })
  assertStill(t, stats, 'duplicate', 'refused')
  assertWithin(t, stats.sent, [50 * SECONDS - 10, 50 * SECONDS + 10])
  assertWithin(t, stats.duplicate, [15 * SECONDS - 50, 15 * SECONDS + 50])
  // Reports and messages come twice too.
  assertWithin(t, stats.refused, [0, 20])
})

test('packets that get lost are told as lost, and what is heard instead as restored or concealed', async (t) => {
  const stats = await statistics(t, { loss: 0.2 })
  const { sent, lost, concealed, fecRecovered } = stats
  assertStill(t, stats, 'lost', 'concealed', 'fecRecovered', 'refused')
  assertWithin(t, sent, [50 * SECONDS - 10, 50 * SECONDS + 10])
  assertWithin(t, lost, [6 * SECONDS, 15 * SECONDS])
  t.true(concealed > 0 && fecRecovered > 0, `${concealed} concealed, ${fecRecovered} restored`)
  assertWithin(t, concealed + fecRecovered, [lost - 5, lost + 5])
  assertWithin(t, stats.jitterMs, [0, 4])
})

test('an outage is concealed for a tenth of a second, and is silence from then on', async (t) => {
  const call = await connect(t)
  call.say(tone(440, { seconds: 5, loudness: LOUDNESS }))
  await call.wait(1)
  call.setNetwork({ latencyMs: WAY_MS, loss: 1 })
  await call.wait(2)
  call.setNetwork({ latencyMs: WAY_MS })
  await call.wait(1)
  const stats = call.session.stats()
  t.log(stats)
  assertStill(t, stats, 'lost', 'concealed', 'fecRecovered', 'synthesised', 'refused')
  assertWithin(t, stats.lost, [90, 110])
  assertWithin(t, stats.concealed, [4, 12])
  assertWithin(t, stats.synthesised, [80, 105])
})

test('what the caller loses is told apart from what it may lose, and the end of audio is an underrun', async (t) => {
  const call = await connect(t, new Says(20))
  await call.wait(1)
  const clean = call.session.stats()
  assertStill(t, clean, 'packetsOut', 'bytesOut', 'inputQueueMs', 'outputQueueMs')
  assertWithin(t, clean.packetsOut, [80, 130])
  t.true(clean.bytesOut > 20 * clean.packetsOut, `${clean.bytesOut} bytes in ${clean.packetsOut} packets`)
  assertWithin(t, clean.outputQueueMs, [300, 1500])
  call.setNetwork({ latencyMs: WAY_MS, loss: 0.25 })
  await call.wait(10)
  const lossy = call.session.stats()
  call.setNetwork({ latencyMs: WAY_MS })
  await call.wait(6)
  const after = call.session.stats()
  t.log({ clean, lossy, after })
  t.is(lossy.bitrate, 32_000)
  assertWithin(t, lossy.fractionLostByPeer, [0.02, 0.6])
  assertWithin(t, lossy.expectedLoss, [0.15, 0.6])
  // A report tells of the last second, but what was lost a while ago may be lost again.
  t.is(after.fractionLostByPeer, 0)
  assertWithin(t, after.expectedLoss, [0.01, lossy.expectedLoss - 0.01])
  t.is(after.underruns, 0)
  await call.wait(4)
  t.like(call.session.stats(), { underruns: 1, outputQueueMs: 0, outputDropped: 0 })
})

test('audio that a handler does not take waits for it, and is dropped when that is too much', async (t) => {
  const call = await testCall(new Stuck(), { seed: 7, stream: { media: { queueMs: { input: 200 } } } })
  t.teardown(() => call.end())
  await call.wait(2)
  const stats = call.session.stats()
  t.log(stats)
  assertStill(t, stats, 'inputDropped', 'inputQueueMs')
  t.is(stats.inputQueueMs, 200)
  assertWithin(t, stats.inputDropped, [50, 110])
})
