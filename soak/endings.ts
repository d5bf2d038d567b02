import type { AudioFrame, EmitType, StreamOptions } from 'parley-rtc'
import { type Caller, Callers } from './callers.ts'
import type { Lab } from './lab.ts'

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
const HASTY: Partial<StreamOptions> = { connectTimeout: SHORT }
const NO_PLACE: Partial<StreamOptions> = { concurrencyLimit: 1 }
const STUCK: Partial<StreamOptions> = { handler: stuckGenerator, modality: 'audio' }
const BRIEF: Partial<StreamOptions> = { handler: briefGenerator, modality: 'audio', mode: 'receive' }

const byItself = (): void => undefined
const hangUp = (caller: Caller): void => caller.close()
/** For one whose handler doesn't say that it has heard something. */
const hangUpOnceConnected = async (caller: Caller): Promise<void> => {
  await caller.until(() => caller.isConnected)
  caller.close()
}

/** Those that are over at once. */
export const USUAL: readonly [Ending, ...Ending[]] = [
  { name: 'the page hangs up', run: (lab) => lab.call(hangUp) },
  { name: 'the page is gone, and its port is shut', run: (lab) => lab.call((caller) => caller.vanish()) },
  { name: 'the server ends the session', run: (lab) => lab.call(({ id }, { sessions }) => sessions.get(id)?.close()) },
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

function* briefGenerator(): Generator<EmitType> {
  for (let spoken = 0; spoken < 5; spoken++) yield FRAME
}
