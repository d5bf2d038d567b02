import type { ReplyMode } from '../native/speech.ts'
import type { TurnReason } from './turn.ts'
import type { Spoken } from './turn-input.ts'

/** Something to be done about what happened to a conversation: what a turn machine gives. */
export type TurnAction =
  | { do: 'log'; message: 'started_talking' | 'pause_detected' }
  /** Ask the turn detector. */
  | { do: 'judge'; turn: Spoken }
  /** Ask the interruption detector, with what was said so far. */
  | { do: 'challenge' }
  /** Ask it again in some time. */
  | { do: 'ask-again' }
  /** Wait for the speaker to go on, so long as a pause may be. */
  | { do: 'wait' }
  /** Nothing that was asked or is waited for counts any more. */
  | { do: 'cancel' }
  /** The turn that paused goes on. */
  | { do: 'continue' }
  /** Have the source tell what was said so far, as a turn. */
  | { do: 'take' }
  /** What speech does from now on. */
  | { do: 'hear'; mode: ReplyMode }
  /** Begin with a reply. */
  | { do: 'reply'; turn: Spoken; reason: TurnReason }
  /** Begin with what is said first. */
  | { do: 'greet' }
  /** Stop the reply. */
  | { do: 'stop' }
  /** Say that it was an interruption, after `stop`. */
  | { do: 'tell-interruption'; at: number; foundAt: number }
  /** Nothing that was said counts. */
  | { do: 'forget' }
