// Video sessions that go on and on, and audio sessions beside them: `npm run soak:video`.
//
//   --minutes 10    how long, the first quarter included, in which caches fill
//   --sessions 4    with video: 640x480 at 30 pictures a second, each turned upside down by a handler
//   --audio 8       with audio, echoed by a handler
//   --seconds 10    how often everything is measured
//   --growth 16     MiB of memory that may be more in the last quarter than in the first
//   --gap 20        the longest hole in ms that the echoed audio may have
//   --wait 500      the longest time in ms without a picture
//
// Ends with 1 when a limit is broken: resident memory, a hole in the audio, pictures that stop. What is measured is this
// process, the server; callers are processes of their own. The last line but one is the result as JSON.
import { parseArgs } from 'node:util'
import { Stream, type VideoFrame, VideoStreamHandler } from 'parley-rtc'
import { type Caller, Callers, type Sound } from './callers.ts'
import { Echo } from './echo.ts'
import { median, slope, usage } from './usage.ts'
import { conclude, watch } from './watch.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    sessions: { type: 'string', default: '4' },
    audio: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '10' },
    growth: { type: 'string', default: '16' },
    gap: { type: 'string', default: '20' },
    wait: { type: 'string', default: '500' },
  },
})
const [minutes, count, seconds] = [Number(values.minutes), Number(values.sessions), Number(values.seconds)]
const warmUp = minutes / 4
const MIB = 1024 * 1024

/** One look at everything. */
interface Look {
  readonly minute: number
  readonly resident: number
  readonly heap: number
  readonly handles: number
  readonly pictures: number
  readonly waitMs: number
  readonly gapMs: number
  readonly jumps: number
  readonly lost: number
}

/** Turns a picture upside down, row by row. */
function flip(frame: VideoFrame<Uint8Array>): VideoFrame<Uint8Array> {
  const { width, height, data } = frame
  const row = width * 3
  const kept = new Uint8Array(row)
  for (let upper = 0, lower = (height - 1) * row; upper < lower; upper += row, lower -= row) {
    kept.set(data.subarray(upper, upper + row))
    data.copyWithin(upper, lower, lower + row)
    data.set(kept, lower)
  }
  return frame
}

async function look(minute: number, viewers: readonly Caller[], listeners: readonly Caller[]): Promise<Look> {
  const seen = await Promise.all(viewers.map((caller) => caller.report()))
  const heard = await Promise.all(listeners.map((caller) => caller.report()))
  const { resident, heap, descriptors, threads } = await usage()
  return {
    minute,
    resident,
    heap,
    handles: descriptors + threads,
    pictures: seen.reduce((total, { pictures }) => total + pictures, 0),
    waitMs: Math.max(0, ...seen.map(({ longestWaitMs }) => longestWaitMs)),
    gapMs: Math.max(0, ...heard.map(({ longestGapMs }) => longestGapMs)),
    jumps: heard.reduce((total, { jumps }) => total + jumps, 0),
    lost: heard.reduce((total, { missing }) => total + missing, 0),
  }
}

function show({ minute, resident, heap, pictures, waitMs, gapMs, jumps, lost }: Look): void {
  const memory = `${(resident / MIB).toFixed(1)} MiB (heap ${(heap / MIB).toFixed(1)})`
  const audio = `audio: holes up to ${gapMs} ms, ${jumps} jumps, ${lost} lost`
  console.log(`${minute.toFixed(1)} min: ${memory}, ${pictures} pictures, waits up to ${waitMs} ms; ${audio}`)
}

/** What the run comes to. */
function sumUp(looks: readonly Look[], before: number): Record<string, number> {
  const quarter = Math.max(1, looks.length >> 2)
  const memory = (some: readonly Look[]): number => median(some.map(({ resident }) => resident))
  const [first, last] = [memory(looks.slice(0, quarter)), memory(looks.slice(-quarter))]
  const most = (of: (look: Look) => number): number => Math.max(...looks.map(of))
  const [start, end] = [looks[0] as Look, looks.at(-1) as Look]
  return {
    minutes,
    sessions: count,
    audioSessions: Number(values.audio),
    growthMiB: (last - first) / MIB,
    tenMinutesMiB: (10 * slope(looks.map(({ minute, resident }) => [minute, resident]))) / MIB,
    sessionMiB: (last - before) / MIB / count,
    handlesGrowth: end.handles - start.handles,
    leastPictures: Math.min(...looks.map(({ pictures }) => pictures / count / seconds)),
    longestWaitMs: most(({ waitMs }) => waitMs),
    audioGapMs: most(({ gapMs }) => gapMs),
    audioJumps: looks.reduce((total, { jumps }) => total + jumps, 0),
    audioLost: looks.reduce((total, { lost }) => total + lost, 0),
  }
}

/** Everything that is wrong with a run. */
function faults(result: Record<string, number>, closed: number): string[] {
  const { growthMiB = NaN, handlesGrowth = NaN, leastPictures = 0, longestWaitMs = NaN, audioGapMs = NaN } = result
  const checks: [isWrong: boolean, what: string][] = [
    [!(growthMiB <= Number(values.growth)), `resident memory grew by ${growthMiB.toFixed(1)} MiB`],
    [!(handlesGrowth <= 0), `there are ${handlesGrowth} more descriptors and threads`],
    [leastPictures === 0, 'pictures stopped'],
    [!(longestWaitMs <= Number(values.wait)), `no picture came for ${longestWaitMs} ms`],
    [!(audioGapMs <= Number(values.gap)), `the audio had a hole of ${audioGapMs} ms`],
    [closed > 0, `${closed} sessions ended`],
  ]
  return checks.filter(([isWrong]) => isWrong).map(([, what]) => what)
}

/** So many calls of a stream. */
async function calls(program: Callers, stream: Stream, many: number, sound: Sound): Promise<Caller[]> {
  const callers: Caller[] = []
  while (callers.length < many) callers.push(await program.call(stream, sound))
  return callers
}

const media = { bindAddress: '127.0.0.1' }
const voice = new Stream({ handler: new Echo(), concurrencyLimit: Infinity, media })
const video = new Stream({
  handler: new VideoStreamHandler(flip),
  modality: 'video',
  concurrencyLimit: Infinity,
  media: { ...media, video: { bitrate: 500_000 } },
})
// In processes of their own, so that the ones that film keep none of those that listen.
const [listening, watching] = [Callers.start(), Callers.start()]
const listeners = await calls(listening, voice, Number(values.audio), 'tone')
const { resident: before } = await usage()
const viewers = await calls(watching, video, count, 'film')
let closed = 0
for (const stream of [voice, video]) stream.on('session:closed', () => closed++)
// What was heard while calls began is nobody's fault.
await look(0, viewers, listeners)

const looks = await watch({ minutes, warmUp, seconds }, (minute) => look(minute, viewers, listeners), show)
const result = sumUp(looks, before)
const wrong = faults(result, closed)
await Promise.all([voice.close(), video.close()])
await Promise.all([listening.kill(), watching.kill()])
console.log(JSON.stringify(result))
conclude(wrong)
