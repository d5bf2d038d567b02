import { describe } from '../frames/describe.ts'
import type { Cancel, Clock } from '../native/clock.ts'
import type { ReplyMode, SpeechEvent } from '../native/speech.ts'
import type { SpeechToText } from '../speech/speech-to-text.ts'
import { Question } from './question.ts'
import { toMono } from './samples.ts'
import type { SpeechListener, SpeechSource } from './speech-source.ts'
import { type StopWordMatch, StopWords } from './stop-words.ts'

/** How much of what was said last is transcribed, in seconds. */
const WINDOW_S = 2
/** How long a transcription of that may take, in ms. */
const TRANSCRIBED_MS = 20_000

/** What stop words are found with. */
export interface StopWordParts {
  /** Which there are. */
  readonly stopWords: readonly string[]
  /** Writes down what is said. */
  readonly stt: SpeechToText
  /** What time is. */
  readonly clock: Clock
  /** Of the handler's audio, in Hz. */
  readonly sampleRate: number
  /** Of the handler's audio: 1 or 2. */
  readonly channels: number
  /** How often what is being said is transcribed. */
  readonly everyMs: number
  /** Makes what finds the speech. */
  makeInner(listener: SpeechListener): SpeechSource
  /** The transcription failed. */
  onError(error: unknown): void
  /** A stop word was heard. */
  onStopWord(): void
}

type Started = SpeechEvent & { kind: 'started' }
type Paused = SpeechEvent & { kind: 'pause' }
type Peeked = SpeechEvent & { kind: 'peeked' }

/** Stands before a source of speech, and lets through what is said from a stop word on. */
export class StopWordSpeech implements SpeechSource {
  readonly #parts: StopWordParts
  readonly #listener: SpeechListener
  readonly #inner: SpeechSource
  readonly #stopWords: StopWords
  readonly #transcription: Question
  /** Whether a stop word was heard, so that the turn counts. */
  #isAwake = false
  /** Whether words followed the stop word, so that the next pause ends the turn. */
  #isFollowed = false
  /** Where the audio of the turn begins. */
  #from = 0
  /** Speech that goes on and was told to nobody. */
  #started: Started | undefined
  /** Who asked for what is peeked at, in this order. */
  #peeks: ('own' | 'other')[] = []
  #cancelTimer: Cancel | undefined

  /**
   * @param parts - what stop words are found with
   * @param listener - is told
   */
  constructor(parts: StopWordParts, listener: SpeechListener) {
    this.#parts = parts
    this.#listener = listener
    this.#stopWords = new StopWords(parts.stopWords)
    this.#transcription = new Question(parts.clock, TRANSCRIBED_MS)
    this.#inner = parts.makeInner((event) => this.#onSpeech(event))
  }

  onAudio(): void {
    this.#inner.onAudio()
  }

  /** Speech is no interruption, but a stop word in it is, so the engine is not to silence a reply by itself. */
  setReply(mode: ReplyMode): void {
    this.#inner.setReply(mode === 'interruptible' ? 'ask' : mode)
  }

  continueTurn(): void {
    this.#isAwake = this.#isFollowed = true
    this.#inner.continueTurn()
  }

  takeTurn(): void {
    this.#sleep()
    this.#inner.takeTurn()
  }

  peekTurn(): void {
    this.#peek('other')
  }

  reset(): void {
    this.#sleep()
    this.#inner.reset()
  }

  stop(): void {
    this.#sleep()
    this.#inner.stop()
  }

  #onSpeech(event: SpeechEvent): void {
    if (event.kind === 'started') this.#onStarted(event)
    else if (event.kind === 'peeked') this.#onPeeked(event)
    else if (event.kind === 'pause') this.#onPause(event)
    else if (event.kind !== 'stopped' || this.#isAwake) this.#listener(event)
  }

  #onStarted(started: Started): void {
    if (this.#isAwake) {
      // After a stop word that stood alone, whatever is said next is the turn.
      this.#isFollowed = true
      return this.#listener(started)
    }
    this.#started = started
    this.#cancelTimer ??= this.#parts.clock.every(this.#parts.everyMs, () => {
      if (!this.#transcription.isOpen && !this.#peeks.includes('own')) this.#peek('own')
    })
  }

  #peek(who: 'own' | 'other'): void {
    this.#peeks.push(who)
    this.#inner.peekTurn()
  }

  #onPeeked(peeked: Peeked): void {
    if (this.#peeks.shift() === 'other') return this.#listener(peeked)
    if (this.#isAwake || this.#started === undefined) return
    const from = this.#windowOf(peeked)
    this.#transcribe(peeked, (match) => {
      if (match !== undefined && this.#started !== undefined) this.#wake(match, from, peeked.foundAt)
    })
  }

  #onPause(pause: Paused): void {
    if (pause.reason === 'taken') return this.#listener(pause)
    this.#stopListening()
    if (this.#isAwake && this.#isFollowed) return this.#tellPause(pause)
    const started = this.#started
    const wasAwake = this.#isAwake
    this.#started = undefined
    this.#transcribe(pause, (match) => {
      // A stop word that was heard before and is gone from the last seconds has words behind it.
      if (match === undefined && wasAwake) return this.#tellPause(pause)
      if (match === undefined) return
      if (!wasAwake) this.#wakeAtPause(match, started, pause)
      if (match.isFollowed) this.#tellPause(pause)
    })
  }

  /** A stop word was heard while the speaker goes on. */
  #wake({ isFollowed }: StopWordMatch, from: number, foundAt: number): void {
    const { at } = this.#started as Started
    this.#stopListening()
    this.#isAwake = true
    this.#isFollowed = isFollowed
    this.#from = from
    this.#started = undefined
    this.#parts.onStopWord()
    this.#listener({ kind: 'started', at: Math.max(at, from), foundAt })
  }

  #wakeAtPause({ isFollowed }: StopWordMatch, started: Started | undefined, pause: Paused): void {
    this.#isAwake = true
    this.#from = this.#windowOf(pause)
    this.#parts.onStopWord()
    const { foundAt } = pause
    const at = Math.max(started?.at ?? pause.from, this.#from)
    if (isFollowed) this.#listener({ kind: 'started', at, foundAt })
    // Somebody may have begun to speak while the transcription was made.
    const next = this.#started
    this.#started = undefined
    if (next === undefined || isFollowed) return
    this.#stopListening()
    this.#onStarted(next)
  }

  #tellPause(pause: Paused): void {
    const { sampleRate, channels } = this.#parts
    const from = Math.max(pause.from, this.#from)
    const audio = pause.audio.slice(Math.round((from - pause.from) * sampleRate) * channels)
    this.#isAwake = this.#isFollowed = false
    this.#from = 0
    this.#listener({ ...pause, from, audio })
  }

  #transcribe({ audio }: Peeked | Paused, then: (match: StopWordMatch | undefined) => void): void {
    const { stt, sampleRate, channels } = this.#parts
    const last = audio.slice(-WINDOW_S * sampleRate * channels)
    const failed = (error: unknown): void => {
      this.#parts.onError(error)
      then(undefined)
    }
    this.#transcription.ask(
      'stt()',
      (signal) => stt.stt([sampleRate, toMono(last, channels)], { signal }),
      (text: unknown) => {
        if (typeof text === 'string') then(this.#stopWords.find(text))
        else failed(new TypeError(`stt() gave ${describe(text)}; it must be a string, what was said`))
      },
      failed,
    )
  }

  /** Where what is transcribed begins. */
  #windowOf({ from, audio }: Peeked | Paused): number {
    const { sampleRate, channels } = this.#parts
    return from + Math.max(0, audio.length / channels / sampleRate - WINDOW_S)
  }

  #sleep(): void {
    this.#stopListening()
    this.#transcription.cancel()
    this.#started = undefined
    this.#isAwake = this.#isFollowed = false
    this.#from = 0
  }

  #stopListening(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
