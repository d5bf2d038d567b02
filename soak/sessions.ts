// Sessions that go on and on: `npm run soak`.
//
//   --minutes 60    how long, the first minutes included, in which caches fill: five, or a quarter of a shorter run
//   --sessions 50   how many
//   --seconds 10    how often everything is measured; memory once a minute, for garbage is collected for that, which holds up
//                   the echo
//   --delay 20      the most ms that the delay may grow by, from the first quarter to the last; a frame is the measure's grain
//   --gap 20        the longest hole in ms that a caller may hear in its echo
//   --tone 0.99     the least of what a caller hears that must be its echo, 0 to 1
//   --jumps 2       the most places of each call, in the mean, at which its echo ran dry for a frame: so it gets its cushion
//   --json FILE     a file that the result is appended to, one line of JSON
//
// Half of the callers speak a tone, in which holes are looked for; the others beep, which tells the delay. The limits are for a
// machine that does nothing else. Ends with 1 when one is broken: resident memory, queues, delay, lost audio. The slope of a run
// of less than half an hour says nothing, so such a run is judged by what it grew by. What is measured is this process, the
// server. The last line but one is the result as JSON.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { type Session, Stream } from 'parley-rtc'
import { type Caller, Callers } from './callers.ts'
import { Echo } from './echo.ts'
import { measured, median, MIB, nowAndThen, showMemory, slope, type Usage } from './usage.ts'
import { conclude, watch } from './watch.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    sessions: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '10' },
    delay: { type: 'string', default: '20' },
    gap: { type: 'string', default: '20' },
    tone: { type: 'string', default: '0.99' },
    jumps: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
})
const [minutes, count, seconds] = [Number(values.minutes), Number(values.sessions), Number(values.seconds)]
const warmUp = Math.min(5, minutes / 4)
/** What a short run may grow by: V8 takes memory in steps of up to 10 MiB. */
const SHORT_GROWTH_MIB = 16
/** What it grows by in an hour says something. */
const isLong = minutes >= 30
/** An echo holds little: what came in the last moment, and what it emitted of that. */
const MOST_QUEUED_MS = 1000

/** One look at everything. */
interface Look {
  readonly minute: number
  readonly memory: Usage | undefined
  readonly queuedMs: number
  readonly dropped: number
  readonly delayMs: number
  readonly missing: number
  readonly jumps: number
  /** The longest hole in a tone, and the least share that a tone had of what was heard. */
  readonly gapMs: number
  readonly tone: number
  /** Callers that did not hear their beeps. */
  readonly silent: number
  /** The longest that the event loop was held up since the look before, by the measuring of memory too. */
  readonly loopMs: number
  /** How late a caller was with what it had to say. */
  readonly callersLateMs: number
}

/** Tells callers that beep from those that speak a tone. */
const beeps = (_: unknown, index: number): boolean => index % 2 === 0

const memoryAtTimes = nowAndThen(minutes, seconds)
const loop = monitorEventLoopDelay({ resolution: 5 })
loop.enable()

async function look(minute: number, sessions: readonly Session[], callers: readonly Caller[]): Promise<Look> {
  const reports = await Promise.all(callers.map((caller) => caller.report()))
  const [beeping, speaking] = [reports.filter(beeps), reports.filter((_, index) => !beeps(_, index))]
  const stats = sessions.map((session) => session.stats())
  const loopMs = loop.max / 1e6
  loop.reset()
  return {
    minute,
    memory: await memoryAtTimes(),
    queuedMs: Math.max(...stats.map(({ inputQueueMs, outputQueueMs }) => Math.max(inputQueueMs, outputQueueMs))),
    dropped: stats.reduce((sum, { inputDropped, outputDropped }) => sum + inputDropped + outputDropped, 0),
    delayMs: median(beeping.flatMap(({ delaysMs }) => delaysMs)),
    missing: reports.reduce((sum, { missing }) => sum + missing, 0),
    jumps: reports.reduce((sum, { jumps }) => sum + jumps, 0),
    gapMs: Math.max(0, ...speaking.map(({ longestGapMs }) => longestGapMs)),
    tone: Math.min(1, ...speaking.map(({ tone }) => tone)),
    silent: beeping.filter(({ delaysMs }) => delaysMs.length === 0).length,
    loopMs,
    callersLateMs: Math.max(...reports.map(({ lateMs }) => lateMs)),
  }
}

function show({ minute, memory, queuedMs, delayMs, ...heard }: Look): void {
  const { missing, jumps, gapMs, dropped, silent, loopMs, callersLateMs } = heard
  const held = memory === undefined ? '' : `${showMemory(memory)}, `
  const figures = `${held}${queuedMs.toFixed(0)} ms queued at most, delay ${delayMs} ms`
  const audio = `holes up to ${gapMs} ms, ${jumps} jumps, ${missing} lost, ${dropped} dropped, ${silent} silent`
  const machine = `event loop held up for ${loopMs.toFixed(0)} ms, callers ${callersLateMs} ms late`
  console.log(`${minute.toFixed(1)} min: ${figures}, ${audio}; ${machine}`)
}

/** What the run comes to. */
function sumUp(looks: readonly Look[], closed: number): Record<string, number> {
  const held = measured(looks)
  const [first, last] = [held[0], held.at(-1) ?? held[0]]
  const quarter = Math.max(1, looks.length >> 2)
  const delay = (some: readonly Look[]): number => median(some.map(({ delayMs }) => delayMs))
  const most = (of: (look: Look) => number): number => Math.max(...looks.map(of))
  const sum = (of: (look: Look) => number): number => looks.reduce((total, each) => total + of(each), 0)
  return {
    minutes,
    sessions: count,
    residentMiB: last.resident / MIB,
    growthMiB: (last.resident - first.resident) / MIB,
    hourMiB: (60 * slope(held.map(({ minute, resident }) => [minute, resident]))) / MIB,
    handlesGrowth: last.descriptors + last.threads - first.descriptors - first.threads,
    mostQueuedMs: most(({ queuedMs }) => queuedMs),
    dropped: most(({ dropped }) => dropped),
    delayMs: delay(looks),
    delayGrowthMs: delay(looks.slice(-quarter)) - delay(looks.slice(0, quarter)),
    lost: sum(({ missing }) => missing),
    jumps: sum(({ jumps }) => jumps),
    longestGapMs: most(({ gapMs }) => gapMs),
    leastTone: Math.min(...looks.map(({ tone }) => tone)),
    silent: sum(({ silent }) => silent),
    closed,
  }
}

/** Everything that is wrong with a run. */
function faults(result: Record<string, number>): string[] {
  const { growthMiB = NaN, hourMiB = NaN, handlesGrowth = NaN, mostQueuedMs = NaN, dropped = NaN } = result
  const { delayGrowthMs = NaN, lost = NaN, jumps = NaN, longestGapMs = NaN, leastTone = NaN, silent, closed } = result
  const checks: [isRight: boolean, what: string][] = [
    [!isLong || hourMiB <= 1, `resident memory grows by ${hourMiB.toFixed(2)} MiB an hour`],
    [isLong || growthMiB <= SHORT_GROWTH_MIB, `resident memory grew by ${growthMiB.toFixed(2)} MiB`],
    [handlesGrowth <= 0, `there are ${handlesGrowth} more descriptors and threads`],
    [mostQueuedMs <= MOST_QUEUED_MS, `${mostQueuedMs} ms were queued`],
    [dropped === 0, `${dropped} frames were dropped`],
    [delayGrowthMs <= Number(values.delay), `delay grew by ${delayGrowthMs} ms`],
    [lost === 0, `${lost} packets never came`],
    [jumps <= Number(values.jumps) * count, `the echo ran dry ${jumps} times`],
    [longestGapMs <= Number(values.gap), `a caller heard a hole of ${longestGapMs} ms`],
    [leastTone >= Number(values.tone), `of what a caller heard, ${leastTone} was its echo`],
    [silent === 0, 'a caller did not hear its beeps'],
    [closed === 0, `${closed} sessions ended`],
  ]
  return checks.filter(([isRight]) => !isRight).map(([, what]) => what)
}

const stream = new Stream({ handler: new Echo(), concurrencyLimit: Infinity, media: { bindAddress: '127.0.0.1' } })
// With few, what was built for tests is quick enough.
const program = Callers.start(count > 16 ? 'release' : 'dev')
const callers: Caller[] = []
for (let made = 0; made < count; made++) callers.push(await program.call(stream, beeps(0, made) ? 'beeps' : 'tone'))
const sessions = [...stream.sessions.values()]
let closed = 0
stream.on('session:closed', () => closed++)

const looks = await watch({ minutes, warmUp, seconds }, (minute) => look(minute, sessions, callers), show)
const result = sumUp(looks, closed)
await stream.close()
await program.kill()
conclude({ soak: 'sessions', result, wrong: faults(result), file: values.json })
