import type { EmitType, ReplyOnPause } from '../../src/index.ts'
import type { SpeechEvent } from '../../src/native/speech.ts'
import { bindTurns } from '../../src/turn-taking/reply-on-pause.ts'
import { type Call, call, settle } from './call.ts'

/** 20 ms at 24 kHz, all samples of one value. */
export function chunk(value = 1): EmitType {
  return [24_000, new Int16Array(480).fill(value)]
}

/** The speaker has started. */
export function started(at: number, interrupted?: { heardMs: number }): SpeechEvent {
  return { kind: 'started', at, foundAt: at + 0.2, ...(interrupted === undefined ? {} : { interrupted }) }
}

/** The speaker has paused, after so many samples of a value. */
export function paused(to: number, value = 1, reason: 'pause' | 'max' | 'taken' = 'pause', length = 960): SpeechEvent {
  return { kind: 'pause', reason, from: to - 1, to, foundAt: to + 0.5, audio: new Int16Array(length).fill(value) }
}

/** A call to a handler that takes turns, and what its session told. */
export interface TurnCall extends Call {
  readonly news: [name: string, detail: unknown][]
}

/** Calls a handler that takes turns. */
export function callTurns(handler: ReplyOnPause, options: Parameters<typeof call>[1] = {}): TurnCall {
  const made = call(handler, { ...options, connected: false })
  bindTurns(handler, made.core.session)
  const news: [string, unknown][] = []
  for (const name of ['speech-start', 'speech-end', 'turn', 'interrupted', 'vad'] as const) {
    made.core.session.on(name, (detail: unknown) => news.push([name, detail]))
  }
  if (options.connected !== false) made.link.event({ kind: 'connected' })
  return Object.assign(made, { news })
}

/** What the client was told of turns. */
export function logs({ link }: Call): unknown[] {
  return link.told.filter(({ type }) => type === 'log').map(({ data }) => data)
}

/** Values of the first samples that were written. */
export function written({ link }: Call): unknown[] {
  return link.written.map(({ samples }) => samples[0])
}

/** Lets a reply say what it has to say. */
export async function settleReply(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop after the other
    await settle()
  }
}

/** What the engine was asked for, without the clearing of queues. */
export function orders({ link }: Call): string[] {
  return link.asked.filter((each) => each !== 'clear')
}
