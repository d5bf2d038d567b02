import type { ReplyMode, SpeechEvent } from '../native/speech.ts'

/** Where starts of speech and pauses come from: the engine, or a model of the user's. */
export interface SpeechSource {
  /** Audio or events wait: tells what there is. */
  onAudio(): void
  /** Says what speech does from now on. */
  setReply(mode: ReplyMode): void
  /** The turn that paused isn't over: the audio of the next pause begins where that of the last one did. */
  continueTurn(): void
  /** Ends the turn: a `pause` event with the reason `taken` follows, and listening begins anew. */
  takeTurn(): void
  /** Asks what was said so far: a `peeked` event follows. */
  peekTurn(): void
  /** Back to silence, nothing kept. */
  reset(): void
  /** Tells nothing more. */
  stop(): void
}

/** Takes what a source tells. It must not throw. */
export type SpeechListener = (event: SpeechEvent) => void
