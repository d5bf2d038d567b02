/** What happens at a moment of the client's audio. All times are seconds of stream time: of audio since the call began. */
export interface SpeechMoment {
  /** Where in the audio it is. */
  readonly at: number
  /** Where the audio was when it was found out. */
  readonly foundAt: number
}

/**
 * Why a turn was over: the speaker paused; had spoken for `maxContinuousSpeechS`; `triggerResponse()` was called. `'startup'`
 * is no turn: nobody has spoken, and what runs is `startupFn`.
 */
export type TurnReason = 'pause' | 'max' | 'trigger' | 'startup'

/** What the speaker said until the handler replied. Times are seconds of stream time. */
export interface Turn {
  /** 1 for the first of a session; 0 for `startupFn`. */
  readonly number: number
  /** Where its audio begins: `speechPadMs` before the speech. */
  readonly from: number
  /** Where its audio ends. */
  readonly to: number
  /** Where the stream was when the turn was found to be over. */
  readonly foundAt: number
  /** How long its audio is, in seconds; 0 when nothing was said before `triggerResponse()`. */
  readonly audioSeconds: number
  /** Why it was over. */
  readonly reason: TurnReason
  /** How much of the reply before was heard, in ms, when this turn interrupted it; absent when it didn't. */
  readonly heardMs?: number
}

/** A reply was interrupted. */
export interface Interruption extends SpeechMoment {
  /** How much of the reply the client has heard, in ms. */
  readonly heardMs: number
}

/** How likely it is that somebody speaks. */
export interface SpeechProbability {
  /** Where the frame of 32 ms begins, in seconds of stream time. */
  readonly at: number
  /** 0 to 1. */
  readonly probability: number
}

/** What a session tells of its turns, by the names of its events. */
export interface SpeechEvents {
  /** Speech has begun: `at` is its beginning. Over a reply that can't be interrupted it isn't told. */
  'speech-start': [speech: SpeechMoment]
  /** The speech has ended: `at` is its end. */
  'speech-end': [speech: SpeechMoment]
  /** The speaker's turn is over, and the reply begins. */
  turn: [turn: Turn]
  /** The speaker, or `triggerResponse()`, has stopped a reply before its end. */
  interrupted: [interruption: Interruption]
  /** A frame of 32 ms was judged; only with the option `vadEvents`. */
  vad: [speech: SpeechProbability]
}

/** One of {@link SpeechEvents}, as it is passed on. */
export type SpeechNews = {
  [Name in keyof SpeechEvents]: readonly [name: Name, detail: SpeechEvents[Name][0]]
}[keyof SpeechEvents]
