// Video sessions that go on and on, and audio sessions beside them: `npm run soak:video`.
//
//   --minutes 10    how long, the first quarter included, in which caches fill
//   --sessions 4    with video: 640x480 at 30 pictures a second, each turned upside down by a handler
//   --audio 8       with audio, echoed by a handler
//   --played 2      with audio that a generator plays, far ahead of time: what is heard of it is the media threads' doing alone
//   --seconds 10    how often everything is measured
//   --growth 16     MiB of memory that may be more in the last quarter than in the first
//   --gap 20        the longest hole in ms that a caller may hear in audio
//   --tone 0.99     the least of what a caller hears that must be the audio meant for it, 0 to 1
//   --jumps 2       the most places of each call, in the mean, at which its echo ran dry for a frame: so it gets its cushion
//   --wait 500      the longest time in ms without a picture
//   --json FILE     a file that the result is appended to, one line of JSON
//
// The limits are for a machine that does nothing else. Ends with 1 when one is broken: resident memory, lost audio or a hole in
// it, pictures that stop. What is played may run dry nowhere, on any machine. What is measured is this process, the server;
// callers are processes of their own. The last line but one is the result as JSON.
import { parseArgs } from 'node:util'
import { type EmitType, Stream, type VideoFrame, VideoStreamHandler } from 'parley-rtc'
import { type Caller, Callers, type Report, type Sound } from './callers.ts'
import { Echo } from './echo.ts'
import { measured, median, MIB, nowAndThen, showMemory, slope, type Usage, usage } from './usage.ts'
import { conclude, watch } from './watch.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    sessions: { type: 'string', default: '4' },
    audio: { type: 'string', default: '8' },
    played: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '10' },
    growth: { type: 'string', default: '16' },
    gap: { type: 'string', default: '20' },
    tone: { type: 'string', default: '0.99' },
    jumps: { type: 'string', default: '2' },
    wait: { type: 'string', default: '500' },
    json: { type: 'string' },
  },
})
const [minutes, count, seconds] = [Number(values.minutes), Number(values.sessions), Number(values.seconds)]
const warmUp = minutes / 4
const [echoed, played] = [Number(values.audio), Number(values.played)]
/** In seconds: a chunk of what is played, so long that a busy event loop is never late with the next. */
const CHUNK = 20
/** The tone that callers listen for, in Hz: whole turns in each chunk. */
const HERTZ = 440

/** One look at everything. */
interface Look {
  readonly minute: number
  readonly memory: Usage | undefined
  readonly pictures: number
  readonly waitMs: number
  readonly echo: Heard
  readonly song: Heard
}

/** What callers heard of audio. */
interface Heard {
  /** The longest hole of any. */
  readonly gapMs: number
  /** The least share that the tone had in what one of them heard. */
  readonly tone: number
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

/** Plays the tone without an end. */
function* song(): Generator<EmitType> {
  const turn = (2 * Math.PI * HERTZ) / 24_000
  const samples = Int16Array.from({ length: 24_000 * CHUNK }, (_, at) => 8000 * Math.sin(turn * at))
  for (;;) yield [24_000, samples]
}

const memoryAtTimes = nowAndThen(minutes, seconds)

async function look(minute: number, viewers: readonly Caller[], listeners: readonly Caller[]): Promise<Look> {
  const seen = await Promise.all(viewers.map((caller) => caller.report()))
  const heard = await Promise.all(listeners.map((caller) => caller.report()))
  return {
    minute,
    memory: await memoryAtTimes(),
    pictures: seen.reduce((total, { pictures }) => total + pictures, 0),
    waitMs: Math.max(0, ...seen.map(({ longestWaitMs }) => longestWaitMs)),
    echo: gather(heard.slice(0, echoed)),
    song: gather(heard.slice(echoed)),
  }
}

function gather(heard: readonly Report[]): Heard {
  return {
    gapMs: Math.max(0, ...heard.map(({ longestGapMs }) => longestGapMs)),
    tone: Math.min(1, ...heard.map(({ tone }) => tone)),
    jumps: heard.reduce((total, { jumps }) => total + jumps, 0),
    lost: heard.reduce((total, { missing }) => total + missing, 0),
  }
}

function show({ minute, memory, pictures, waitMs, echo, song: music }: Look): void {
  const held = memory === undefined ? '' : `${showMemory(memory)}, `
  const audio = `echo: ${inWords(echo)}; played: ${inWords(music)}`
  console.log(`${minute.toFixed(1)} min: ${held}${pictures} pictures, waits up to ${waitMs} ms; ${audio}`)
}

function inWords({ gapMs, jumps, lost }: Heard): string {
  return `holes up to ${gapMs} ms, ${jumps} jumps, ${lost} lost`
}

/** What the run comes to. */
function sumUp(looks: readonly Look[], before: number, closed: number): Record<string, number> {
  const held = measured(looks)
  const quarter = Math.max(1, held.length >> 2)
  const [first, last] = [usual(held.slice(0, quarter)), usual(held.slice(-quarter))]
  const [start, end] = [held[0], held.at(-1) ?? held[0]]
  const [echo, music] = [sumUpHeard(looks.map((each) => each.echo)), sumUpHeard(looks.map((each) => each.song))]
  return {
    minutes,
    sessions: count,
    audioSessions: echoed,
    playedSessions: played,
    growthMiB: (last - first) / MIB,
    tenMinutesMiB: (10 * slope(held.map(({ minute, resident }) => [minute, resident]))) / MIB,
    sessionMiB: (last - before) / MIB / count,
    handlesGrowth: end.descriptors + end.threads - start.descriptors - start.threads,
    leastPictures: Math.min(...looks.map(({ pictures }) => pictures / count / seconds)),
    longestWaitMs: Math.max(...looks.map(({ waitMs }) => waitMs)),
    audioGapMs: Math.max(echo.gapMs, music.gapMs),
    leastTone: Math.min(echo.tone, music.tone),
    audioLost: echo.lost + music.lost,
    echoJumps: echo.jumps,
    playedJumps: music.jumps,
    closed,
  }
}

function usual(held: readonly Usage[]): number {
  return median(held.map(({ resident }) => resident))
}

function sumUpHeard(looks: readonly Heard[]): Heard {
  return {
    gapMs: Math.max(...looks.map(({ gapMs }) => gapMs)),
    tone: Math.min(...looks.map(({ tone }) => tone)),
    jumps: looks.reduce((total, { jumps }) => total + jumps, 0),
    lost: looks.reduce((total, { lost }) => total + lost, 0),
  }
}

/** Everything that is wrong with a run. */
function faults(result: Record<string, number>): string[] {
  const { growthMiB = NaN, handlesGrowth = NaN, leastPictures = 0, longestWaitMs = NaN, audioGapMs = NaN } = result
  const { leastTone = NaN, audioLost, echoJumps = NaN, playedJumps, closed } = result
  const checks: [isRight: boolean, what: string][] = [
    [growthMiB <= Number(values.growth), `resident memory grew by ${growthMiB.toFixed(1)} MiB`],
    [handlesGrowth <= 0, `there are ${handlesGrowth} more descriptors and threads`],
    [leastPictures > 0, 'pictures stopped'],
    [longestWaitMs <= Number(values.wait), `no picture came for ${longestWaitMs} ms`],
    [audioGapMs <= Number(values.gap), `a caller heard a hole of ${audioGapMs} ms`],
    [leastTone >= Number(values.tone), `of what a caller heard, ${leastTone} was what it should hear`],
    [audioLost === 0, `${audioLost} packets of audio never came`],
    [echoJumps <= Number(values.jumps) * echoed, `the echo ran dry ${echoJumps} times`],
    [playedJumps === 0, `what is played ran dry ${playedJumps} times`],
    [closed === 0, `${closed} sessions ended`],
  ]
  return checks.filter(([isRight]) => !isRight).map(([, what]) => what)
}

/** So many calls of a stream. */
async function calls(program: Callers, stream: Stream, many: number, sound: Sound): Promise<Caller[]> {
  const callers: Caller[] = []
  while (callers.length < many) callers.push(await program.call(stream, sound, HERTZ))
  return callers
}

const media = { bindAddress: '127.0.0.1' }
const voice = new Stream({ handler: new Echo(), concurrencyLimit: Infinity, media })
const radio = new Stream({ handler: song, modality: 'audio', mode: 'receive', concurrencyLimit: Infinity, media })
const video = new Stream({
  handler: new VideoStreamHandler(flip),
  modality: 'video',
  concurrencyLimit: Infinity,
  media: { ...media, video: { bitrate: 500_000 } },
})
// In processes of their own, so that the ones that film keep none of those that listen.
const [listening, watching] = [Callers.start(), Callers.start()]
const listeners = await calls(listening, voice, echoed, 'tone')
listeners.push(...(await calls(listening, radio, played, 'silence')))
const { resident: before } = await usage()
const viewers = await calls(watching, video, count, 'film')
let closed = 0
for (const stream of [voice, radio, video]) stream.on('session:closed', () => closed++)
// What was heard while calls began is nobody's fault.
await look(0, viewers, listeners)

const looks = await watch({ minutes, warmUp, seconds }, (minute) => look(minute, viewers, listeners), show)
const result = sumUp(looks, before, closed)
await Promise.all([voice.close(), radio.close(), video.close()])
await Promise.all([listening.kill(), watching.kill()])
conclude({ soak: 'video', result, wrong: faults(result), file: values.json })
