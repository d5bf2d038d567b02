import { performance } from 'node:perf_hooks'
import type { ExecutionContext } from 'ava'
import { ReplyOnPause } from '../../src/index.ts'
import type { AudioFrame, EmitAudio, Interruption, Session, Turn } from '../../src/index.ts'
import { type Recording, type Span, tone } from '../../src/testing/index.ts'
import { launchBrowser } from '../helpers/browser.ts'
import type { JudgedFrame } from '../helpers/definition.ts'
import { scene } from '../helpers/scene.ts'
import { type Conversation, converse, recordingOf } from './conversation.ts'
import { servePages } from './pages.ts'

/** Each reply is a tone; the second one is long enough to be spoken over. */
export const REPLIES = [
  { hertz: 400, seconds: 1 },
  { hertz: 560, seconds: 6 },
  { hertz: 780, seconds: 1 },
] as const

/** What the microphone says: two turns, and one in the middle of the second reply. */
const PARTS = [2.5, 'greeting', 2, 'question', 1.2, 'interruption', 2.5]

/** Within a phrase or a reply; between two it is more than a second. */
export const LONGEST_GAP_MS = 700

/** A frame, and when the server knew. */
interface HeardFrame extends JudgedFrame {
  /** In ms since the epoch. */
  readonly at: number
}

/** What the server's side saw. */
interface Notes {
  readonly handed: Recording[]
  readonly turns: Turn[]
  readonly interruptions: Interruption[]
  readonly frames: HeardFrame[]
  /** The names of the session's events, in order, without those of frames. */
  readonly order: string[]
}

/** A conversation, from both sides. */
export interface SpokenCall extends Conversation, Notes {
  /** When each phrase was said, on the page's clock. */
  readonly phrases: readonly Span[]
  /** How long each phrase truly is, in ms. */
  readonly lengths: readonly number[]
}

/** Lets Chromium say a scene to a `ReplyOnPause` whose replies are ready at once. */
export async function spokenCall(
  t: Pick<ExecutionContext, 'teardown'>,
  transport: 'webrtc' | 'websocket' = 'webrtc',
): Promise<SpokenCall> {
  const { audio, phrases, seconds } = scene(PARTS)
  const notes: Notes = { handed: [], turns: [], interruptions: [], frames: [], order: [] }
  const { url, stream } = await servePages(t, { handler: replier(notes.handed) })
  stream.on('session', (session) => take(notes, session))
  const browser = await launchBrowser({ says: audio })
  try {
    const conversation = await converse(t, browser, url, Math.floor(seconds), transport)
    const lengths = phrases.map(({ fromMs, toMs }) => toMs - fromMs)
    return { ...notes, ...conversation, phrases: conversation.said.sounds(LONGEST_GAP_MS), lengths }
  } finally {
    await browser.close()
  }
}

function replier(handed: Recording[]): ReplyOnPause {
  const reply = function* ([, samples]: AudioFrame): Generator<EmitAudio> {
    const { hertz, seconds } = REPLIES[handed.length % REPLIES.length] as (typeof REPLIES)[number]
    handed.push(recordingOf(samples))
    for (let at = 0; at < seconds; at += 0.1) yield tone(hertz, { seconds: 0.1 })
  }
  return new ReplyOnPause(reply, { vadEvents: true })
}

function take({ turns, interruptions, frames, order }: Notes, session: Session): void {
  const note = <T>(list: T[], name: string, item: T): void => {
    list.push(item)
    order.push(name)
  }
  session.on('turn', (turn) => note(turns, 'turn', turn))
  session.on('interrupted', (interruption) => note(interruptions, 'interrupted', interruption))
  session.on('vad', ({ at, probability }) => frames.push({ begin: at, probability, at: epochMs() }))
}

function epochMs(): number {
  return performance.timeOrigin + performance.now()
}
