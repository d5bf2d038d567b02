import { extname } from 'node:path'
import {
  AdditionalOutputs,
  type AudioFrame,
  type EmitType,
  type Stream,
  type StreamOptions,
  twilio,
  type VideoEmitType,
  type VideoFrame,
  VideoStreamHandler,
  WorkerHandler,
} from 'parley-rtc'
import { type Caller, Callers } from './callers.ts'
import { type CallOptions, type Lab, Turns } from './lab.ts'
import { TALKED } from './talk.ts'
import type { WorkerFault } from './worker-subject.ts'

/** A way in which a session ends, or an offer comes to nothing. */
export interface Ending {
  /** What happens. */
  readonly name: string
  /** Makes it happen once; done when it is over. */
  run(lab: Lab): Promise<void>
}

/** In seconds. */
const SHORT = 0.3
const FRAME: EmitType = [24_000, new Int16Array(480)]
/** An offer's section that an audio stream refuses. */
const VIDEO = [
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'c=IN IP4 0.0.0.0',
  'a=mid:v',
  'a=rtpmap:96 VP8/90000',
  'a=sendrecv',
  '',
].join('\r\n')

const TIMED: Partial<StreamOptions> = { timeLimit: SHORT }
// Long enough for an answer on a busy machine.
const HASTY: Partial<StreamOptions> = { connectTimeout: 2 }
const NO_PLACE: Partial<StreamOptions> = { concurrencyLimit: 1 }
const STUCK: Partial<StreamOptions> = { handler: stuckGenerator, modality: 'audio' }
const BRIEF: Partial<StreamOptions> = { handler: briefGenerator, modality: 'audio', mode: 'receive' }

// Beside this file, and compiled as it is.
const MODULE = new URL(`worker-subject${extname(import.meta.url)}`, import.meta.url)
const WORKER: Partial<StreamOptions> = { handler: new WorkerHandler(MODULE, { threads: 2 }) }
/** A stream with a thread of its own. */
const LONE_WORKER: CallOptions = {
  settings: { handler: new WorkerHandler(MODULE, { threads: 1 }) },
  fresh: true,
  turns: new Turns(1),
}
const FILMS = { films: true, turns: new Turns(4) }
const FILM: CallOptions = { settings: { handler: new VideoStreamHandler(show), modality: 'video' }, ...FILMS }
const TORN_FILM: CallOptions = { settings: { handler: new VideoStreamHandler(tear), modality: 'video' }, ...FILMS }
const PHONE: Partial<StreamOptions> = {
  telephony: { provider: twilio({ authToken: 'of nobody' }), publicUrl: 'https://voice.example.org', insecure: true },
}

const byItself = (): void => undefined
const hangUp = (caller: Pick<Caller, 'close'>): void => caller.close()
const vanish = (caller: Pick<Caller, 'vanish'>): void => caller.vanish()
const end = ({ id }: { readonly id: string }, { sessions }: Stream): void => sessions.get(id)?.close()
const order =
  (fault: WorkerFault) =>
  (caller: Caller, stream: Stream): void =>
    void stream.setInput(caller.id, fault)
/** For one whose handler doesn't say that it has heard something. */
const hangUpOnceConnected = async (caller: Caller): Promise<void> => {
  await caller.until(() => caller.isConnected)
  caller.close()
}

/** Those that are over within seconds. */
export const USUAL: readonly [Ending, ...Ending[]] = [
  { name: 'the page hangs up', run: (lab) => lab.call(hangUp) },
  { name: 'the page is gone, and its port is shut', run: (lab) => lab.call(vanish) },
  { name: 'the server ends the session', run: (lab) => lab.call(end) },
  { name: 'the handler ends the stream', run: (lab) => lab.call(byItself, { fault: 'farewell' }) },
  { name: 'receive throws', run: (lab) => lab.call(byItself, { fault: 'receive' }) },
  { name: 'emit throws', run: (lab) => lab.call(byItself, { fault: 'emit' }) },
  { name: 'startUp throws', run: (lab) => lab.call(byItself, { fault: 'startUp', talks: false }) },
  { name: 'shutdown throws', run: (lab) => lab.call(hangUp, { fault: 'shutdown' }) },
  { name: 'receive never settles', run: (lab) => lab.call(hangUp, { fault: 'stuck' }) },
  {
    name: 'a generator waits for ever',
    run: (lab) => lab.call(hangUpOnceConnected, { settings: STUCK, talks: false }),
  },
  { name: 'a generator ends', run: (lab) => lab.call(byItself, { settings: BRIEF, talks: false }) },
  { name: 'the time is over', run: (lab) => lab.call(byItself, { settings: TIMED }) },
  { name: 'nobody connects', run: (lab) => lab.call(byItself, { settings: HASTY, connects: false, talks: false }) },
  { name: 'the stream is closed', run: (lab) => lab.call((_, stream) => stream.close(), { fresh: true }) },
  {
    name: 'the stream is closed before the connection',
    run: (lab) => lab.call((_, stream) => stream.close(), { fresh: true, connects: false, talks: false }),
  },
  { name: 'the offer is nonsense', run: (lab) => lab.refused(() => 'hello') },
  { name: 'the offer has a track too many', run: (lab) => lab.refused((sdp) => sdp + VIDEO) },
  { name: 'the offer is given up', run: (lab) => lab.refused((sdp) => sdp, {}, AbortSignal.abort()) },
  { name: 'there is no place', run: noPlace },
  { name: 'the page closes its socket', run: (lab) => lab.socketCall('page', hangUp) },
  { name: 'the page is gone, and its socket with it', run: (lab) => lab.socketCall('page', vanish) },
  { name: "the server ends a socket's session", run: (lab) => lab.socketCall('page', end) },
  { name: 'emit throws over a socket', run: (lab) => lab.socketCall('page', byItself, { fault: 'emit' }) },
  { name: 'the telephone hangs up', run: (lab) => lab.socketCall('phone', hangUp, { settings: PHONE }) },
  { name: "the provider's socket is gone", run: (lab) => lab.socketCall('phone', vanish, { settings: PHONE }) },
  {
    name: 'the handler hangs up a telephone',
    run: (lab) => lab.socketCall('phone', byItself, { settings: PHONE, fault: 'farewell' }),
  },
  { name: 'the page hangs up on a worker thread', run: (lab) => lab.call(hangUp, { settings: WORKER }) },
  { name: 'a worker thread ends the stream', run: (lab) => lab.call(order('farewell'), { settings: WORKER }) },
  { name: 'a worker thread crashes', run: (lab) => lab.call(order('crash'), LONE_WORKER) },
  { name: 'a worker thread exits', run: (lab) => lab.call(order('exit'), LONE_WORKER) },
  {
    name: 'the stream is closed, and its worker thread terminated',
    run: (lab) => lab.call((_, stream) => stream.close(), LONE_WORKER),
  },
  { name: 'the page hangs up while it films', run: (lab) => lab.call(hangUp, FILM) },
  { name: 'the page is gone while it films', run: (lab) => lab.call(vanish, FILM) },
  {
    name: 'a function of pictures throws',
    run: (lab) => lab.call(byItself, { ...TORN_FILM, talks: false }),
  },
]

/** Those that take half a minute, or a whole process. */
export const RARE: readonly Ending[] = [
  { name: 'the page falls silent', run: (lab) => lab.call((caller) => caller.mute()) },
  { name: 'the callers are killed', run: killed },
]

async function noPlace(lab: Lab): Promise<void> {
  const settings = { ...NO_PLACE }
  await lab.call(
    async (caller) => {
      await lab.refused((sdp) => sdp, { settings })
      caller.close()
    },
    { settings },
  )
  lab.forget(settings)
}

/** Four callers of a process of their own, which is killed when the last of them talks. */
async function killed(lab: Lab): Promise<void> {
  const callers = Callers.start()
  let talking = 0
  const kill = async (): Promise<void> => {
    if (++talking === 4) await callers.kill()
  }
  await Promise.all(Array.from({ length: 4 }, () => lab.call(kill, { callers })))
}

async function* stuckGenerator(frames: AsyncIterable<AudioFrame>): AsyncGenerator<EmitType> {
  for await (const frame of frames) {
    yield frame
    await new Promise(byItself)
  }
}

function show(frame: VideoFrame<Uint8Array>): VideoEmitType {
  return [frame, new AdditionalOutputs(TALKED)]
}

function tear(): never {
  throw new Error('The film tears')
}

function* briefGenerator(): Generator<EmitType> {
  for (let spoken = 0; spoken < 5; spoken++) yield FRAME
}
