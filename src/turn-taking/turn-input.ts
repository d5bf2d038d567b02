import type { SpeechEvent } from '../native/speech.ts'

/** What was said, as a source tells it. */
export type Spoken = SpeechEvent & { kind: 'pause' }

/** Something that happened to a conversation: what a turn machine takes. */
export type TurnInput =
  | (SpeechEvent & { kind: 'started' })
  | Spoken
  /** The turn detector has answered. */
  | { kind: 'judged'; isOver: boolean }
  /** The interruption detector has answered. */
  | { kind: 'challenged'; isInterruption: boolean }
  /** The time that was asked for with `wait` or `ask-again` is over. */
  | { kind: 'time' }
  /** The reply is over, and was heard. */
  | { kind: 'finished' }
  | { kind: 'triggered' }
  | { kind: 'greet' }
  | { kind: 'reset' }
