// Sessions that go on and on: `npm run soak`.
//
//   --minutes 60    how long, the first minutes included, in which caches fill: five, or a quarter of a shorter run
//   --sessions 50   how many
//   --seconds 10    how often everything is measured
//   --delay 20      the most ms that the delay may grow by, from the first quarter to the last; a frame is the measure's grain
//
// Ends with 1 when a limit is broken: resident memory, queues, delay, lost audio. The slope of a run of less than half
// an hour says nothing, so such a run is judged by what it grew by. What is measured is this process, the server.
import { parseArgs } from 'node:util'
import { type Session, Stream } from 'parley-rtc'
import { type Caller, Callers } from './callers.ts'
import { Echo } from './echo.ts'
import { median, slope, usage } from './usage.ts'
import { conclude, watch } from './watch.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    sessions: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '10' },
    delay: { type: 'string', default: '20' },
  },
})
const [minutes, count, seconds] = [Number(values.minutes), Number(values.sessions), Number(values.seconds)]
const warmUp = Math.min(5, minutes / 4)
const MIB = 1024 * 1024
/** What a short run may grow by: V8 takes memory in steps of up to 10 MiB. */
const SHORT_GROWTH_MIB = 16
/** An echo holds little: what came in the last moment, and what it emitted of that. */
const MOST_QUEUED_MS = 1000

/** One look at everything. */
interface Look {
  readonly minute: number
  readonly resident: number
  readonly heap: number
  readonly handles: number
  readonly queuedMs: number
  readonly dropped: number
  readonly delayMs: number
  readonly missing: number
  readonly silent: number
}

async function look(minute: number, sessions: readonly Session[], callers: readonly Caller[]): Promise<Look> {
  const reports = await Promise.all(callers.map((caller) => caller.report()))
  const stats = sessions.map((session) => session.stats())
  const { resident, heap, descriptors, threads } = await usage()
  return {
    minute,
    resident,
    heap,
    handles: descriptors + threads,
    queuedMs: Math.max(...stats.map(({ inputQueueMs, outputQueueMs }) => Math.max(inputQueueMs, outputQueueMs))),
    dropped: stats.reduce((sum, { inputDropped, outputDropped }) => sum + inputDropped + outputDropped, 0),
    delayMs: median(reports.flatMap(({ delaysMs }) => delaysMs)),
    missing: reports.reduce((sum, { missing }) => sum + missing, 0),
    silent: reports.filter(({ delaysMs }) => delaysMs.length === 0).length,
  }
}

function show({ minute, resident, heap, queuedMs, delayMs, missing, dropped, silent }: Look): void {
  const figures = `${(resident / MIB).toFixed(1)} MiB (heap ${(heap / MIB).toFixed(1)}), ${queuedMs.toFixed(0)} ms queued at most, delay ${delayMs} ms`
  console.log(`${minute.toFixed(1)} min: ${figures}, ${missing} lost, ${dropped} dropped, ${silent} silent`)
}

/** Everything that is wrong with a run. */
function faults(looks: readonly Look[], closed: number): string[] {
  const [first, last] = [looks[0] as Look, looks.at(-1) as Look]
  const growth = (last.resident - first.resident) / MIB
  const anHour = (60 * slope(looks.map(({ minute, resident }) => [minute, resident]))) / MIB
  console.log(`${growth.toFixed(2)} MiB more at the end; ${anHour.toFixed(2)} MiB an hour in the median of slopes`)
  const isLong = minutes >= 30
  const quarter = Math.max(1, looks.length >> 2)
  const delay = (some: readonly Look[]): number => median(some.map(({ delayMs }) => delayMs))
  const later = delay(looks.slice(-quarter)) - delay(looks.slice(0, quarter))
  const checks: [isWrong: boolean, what: string][] = [
    [isLong && !(anHour <= 1), `resident memory grows by ${anHour.toFixed(2)} MiB an hour`],
    [!isLong && !(growth <= SHORT_GROWTH_MIB), `resident memory grew by ${growth.toFixed(2)} MiB`],
    [last.handles > first.handles, `descriptors and threads: ${first.handles}, then ${last.handles}`],
    [looks.some(({ queuedMs }) => queuedMs > MOST_QUEUED_MS), `more than ${MOST_QUEUED_MS} ms were queued`],
    [last.dropped > 0, `${last.dropped} frames were dropped`],
    [!(later <= Number(values.delay)), `delay grew by ${later} ms`],
    [looks.some(({ silent }) => silent > 0), 'a caller did not hear its beeps'],
    [closed > 0, `${closed} sessions ended`],
  ]
  return checks.filter(([isWrong]) => isWrong).map(([, what]) => what)
}

const stream = new Stream({ handler: new Echo(), concurrencyLimit: Infinity, media: { bindAddress: '127.0.0.1' } })
const program = Callers.start()
const callers: Caller[] = []
for (let made = 0; made < count; made++) callers.push(await program.call(stream, 'beeps'))
const sessions = [...stream.sessions.values()]
let closed = 0
stream.on('session:closed', () => closed++)

const looks = await watch({ minutes, warmUp, seconds }, (minute) => look(minute, sessions, callers), show)
const wrong = faults(looks, closed)
await stream.close()
await program.kill()
conclude(wrong)
