/** How the media engine listens for speech. All times in ms. */
export interface SpeechSettings {
  /** Over how much audio speech is summed, 32 to 60,000; it slides by a frame of 32 ms. */
  windowMs: number
  /** With more speech than this in the window, somebody has started to speak. */
  startedMs: number
  /** The same while a reply plays (modes `interruptible` and `ask`). */
  interruptMs: number
  /** After a start, less speech than this in the window is a pause. */
  pauseMs: number
  /** Somebody who speaks for so long is not waited for any more; Infinity for five minutes, which is the most. */
  maxContinuousMs: number
  /** From this probability on a frame is speech, 0 to 1; until one is 0.15 below it. */
  threshold: number
  /** A stretch of speech that was shorter when it ended doesn't count. */
  minSpeechMs: number
  /** Silence of that length ends a stretch; a pause does so too. */
  minSilenceMs: number
  /** How much audio a turn has before its first speech and after its last, 0 to 10,000. */
  padMs: number
  /** Whether the probability of each frame is told. */
  probabilities: boolean
  /** Whether the echo of what is sent is kept from being taken for speech. */
  echoGuard: boolean
}

/** Why a turn is over: the speaker paused, went on for as long as is allowed, or it was asked for by `takeTurn`. */
export type TurnEnd = 'pause' | 'max' | 'taken'

/** Something about speech. Times are in seconds of the stream: of audio received, or made up for what was not. */
export type SpeechEvent =
  /**
   * Somebody has started to speak: `at` then, certain `foundAt`. With `interrupted` the engine has dropped what it was to
   * play, and drops what is written until `clearQueue`; `heardMs` of the reply were sent before.
   */
  | { kind: 'started'; at: number; foundAt: number; interrupted?: { heardMs: number } }
  /** A stretch of speech has ended. Comes before the pause; more than once in a turn if `minSilenceMs` is short. */
  | { kind: 'stopped'; at: number; foundAt: number }
  /** A turn is over; `audio`, from `from` to `to`, is interleaved, at the handler's rate and in its layout. */
  | { kind: 'pause'; from: number; to: number; foundAt: number; reason: TurnEnd; audio: Int16Array }
  /** What was said of the turn so far; empty `audio` when that is nothing. */
  | { kind: 'peeked'; from: number; to: number; foundAt: number; audio: Int16Array }
  /** A frame of 32 ms that began `at` was judged. */
  | { kind: 'probability'; at: number; probability: number }

/**
 * What becomes of speech: nobody speaks for us (`none`); a start of speech silences what we say, at once and in the
 * engine itself (`interruptible`); it is only told (`ask`); speech is ignored (`deaf`).
 */
export type ReplyMode = 'none' | 'interruptible' | 'ask' | 'deaf'
