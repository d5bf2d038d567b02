import type { FrameReader } from '../driver/frame-reader.ts'
import { channelsOf } from '../frames/audio-frame.ts'
import type { Clock } from '../native/clock.ts'
import type { MediaLink } from '../native/media-link.ts'
import type { SpeechSettings } from '../native/speech.ts'
import { BlockSpeech } from './block-speech.ts'
import { NativeSpeech } from './native-speech.ts'
import type { ReplyOnPause } from './reply-on-pause.ts'
import { ReplyOnStopWords } from './reply-on-stop-words.ts'
import type { SpeechListener, SpeechSource } from './speech-source.ts'
import { StopWordSpeech } from './stop-word-speech.ts'
import type { TurnSettings } from './turn-settings.ts'

/** Speech over a reply is found with as little as this, in ms: silence is wanted soon. */
const INTERRUPT_MS = 120

/** What a source of speech is made of. */
export interface SourceParts {
  /** Whose client is listened to. */
  readonly handler: ReplyOnPause
  /** Its options. */
  readonly settings: TurnSettings
  /** Its media. */
  readonly link: MediaLink
  /** What is received, for a model of the user's. */
  readonly frames: FrameReader
  /** What time is. */
  readonly clock: Clock
  /** A model or a transcription failed. */
  readonly onError: (error: unknown) => void
  /** A stop word was heard. */
  readonly onStopWord: () => void
}

/**
 * What finds the speech for a handler.
 *
 * @param parts - what it is made of
 * @param listener - is told
 * @returns the engine, or the user's model; with stop words before it
 */
export function makeSource(parts: SourceParts, listener: SpeechListener): SpeechSource {
  const { handler, clock, settings, onError, onStopWord } = parts
  if (!(handler instanceof ReplyOnStopWords)) return makePlain(parts, listener)
  const { stopWords, stt, inputSampleRate, expectedLayout } = handler
  return new StopWordSpeech(
    {
      stopWords,
      stt,
      clock,
      sampleRate: inputSampleRate,
      channels: channelsOf(expectedLayout),
      everyMs: settings.algo.audioChunkDuration * 1000,
      makeInner: (inner) => makePlain(parts, inner),
      onError,
      onStopWord,
    },
    listener,
  )
}

function makePlain(parts: SourceParts, listener: SpeechListener): SpeechSource {
  const { handler, settings, link, frames, clock, onError } = parts
  const { model, modelOptions, algo } = settings
  if (model === undefined) return new NativeSpeech(link, speechSettings(settings), listener)
  const { inputSampleRate: sampleRate, expectedLayout } = handler
  const padMs = settings.silero.speechPadMs
  return new BlockSpeech(
    { frames, sampleRate, channels: channelsOf(expectedLayout), model, modelOptions, algo, padMs, clock, onError },
    listener,
  )
}

function speechSettings({ algo, silero, echoGuard, vadEvents }: TurnSettings): SpeechSettings {
  const startedMs = algo.startedTalkingThreshold * 1000
  return {
    windowMs: algo.audioChunkDuration * 1000,
    startedMs,
    interruptMs: Math.min(startedMs, INTERRUPT_MS),
    pauseMs: algo.speechThreshold * 1000,
    maxContinuousMs: algo.maxContinuousSpeechS * 1000,
    threshold: silero.threshold,
    minSpeechMs: silero.minSpeechDurationMs,
    minSilenceMs: silero.minSilenceDurationMs,
    padMs: silero.speechPadMs,
    probabilities: vadEvents,
    echoGuard,
  }
}
