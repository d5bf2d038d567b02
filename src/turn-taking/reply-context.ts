import type { AudioFrame } from '../frames/audio-frame.ts'
import type { EmitType } from '../frames/emit-type.ts'
import type { Session } from '../session/session.ts'
import type { Turn } from './turn.ts'

/** What a reply may want to know, and what ends it. */
export interface ReplyContext {
  /**
   * Aborted when the reply is interrupted or the session ends: given to `fetch`, it stops a language model at once. Its reason
   * is an `AbortError`.
   */
  readonly signal: AbortSignal
  /** The session; on a worker thread the handler's own. */
  readonly session: Session
  /** What was said: when, for how long, and how much was heard of the reply that it interrupted. */
  readonly turn: Turn
}

/**
 * Makes a reply of what was said: a generator function, sync or async.
 *
 * It gets the audio of the turn, at the handler's `inputSampleRate` and layout; with `needsArgs` the additional arguments; and
 * with `needsContext` a {@link ReplyContext} as the last one. It yields whatever a handler may emit.
 */
export type ReplyFunction<Args extends readonly unknown[] = never[]> = (
  audio: AudioFrame,
  ...args: Args
) => Iterable<EmitType> | AsyncIterable<EmitType>

/** A generator function that runs once, when the client has connected. */
export type StartupFunction = (...args: never[]) => Iterable<EmitType> | AsyncIterable<EmitType>

/**
 * Says how likely it is that a turn is over: asked at each pause.
 *
 * @param audio - all that was said in this turn so far
 * @param context - its signal is aborted when the speaker goes on meanwhile
 * @returns 0 to 1
 */
export type TurnDetector = (audio: AudioFrame, context: ReplyContext) => number | Promise<number>

/**
 * Says whether speech over a reply is meant to interrupt it: asked when such speech has begun and, while it says no and the
 * speech goes on, every 0.3 s.
 *
 * @param audio - what was said over the reply so far
 * @param context - its signal is aborted when the reply has ended meanwhile; `turn.heardMs` says how much of it was heard
 * @returns whether the reply is to stop
 */
export type InterruptionDetector = (audio: AudioFrame, context: ReplyContext) => boolean | Promise<boolean>
