import { describe } from '../frames/describe.ts'
import { toWebRTCError } from '../frames/thrown.ts'
import { isThenable } from '../driver/emit-sink.ts'
import type { FrameReader } from '../driver/frame-reader.ts'
import type { Clock } from '../native/clock.ts'
import type { ReplyMode, SpeechEvent } from '../native/speech.ts'
import type { AlgoOptions } from './algo-options.ts'
import type { PauseDetectionModel, VadResult } from './pause-detection-model.ts'
import { Question } from './question.ts'
import { join, toMono } from './samples.ts'
import type { SpeechListener, SpeechSource } from './speech-source.ts'

/** Rate that a model counts its chunks at, in Hz. */
const MODEL_RATE = 16_000
/** How long what was said before a pause is kept in case the turn goes on, in seconds. */
const KEPT_S = 10

/** What a user's model is asked with. */
export interface BlockParts {
  /** What is received. */
  readonly frames: FrameReader
  /** Of the frames, in Hz. */
  readonly sampleRate: number
  /** Of the frames: 1 or 2. */
  readonly channels: number
  /** The model. */
  readonly model: PauseDetectionModel
  /** What it is called with. */
  readonly modelOptions: unknown
  /** When speech has started and paused. */
  readonly algo: Required<AlgoOptions>
  /** How much audio before the block in which speech began belongs to a turn, in ms. */
  readonly padMs: number
  /** What time is. */
  readonly clock: Clock
  /** The model failed: its block counts as silence. */
  onError(error: unknown): void
}

/** A user's model listens, block by block. Within the window of a block it finds what it finds: no window slides. */
export class BlockSpeech implements SpeechSource {
  readonly #parts: BlockParts
  readonly #listener: SpeechListener
  readonly #blockLength: number
  readonly #question: Question
  #block: Int16Array[] = []
  #length = 0
  /** Blocks of the turn that is going on. */
  #turn: Int16Array[] = []
  /** The end of the block before them. */
  #preRoll: Int16Array = new Int16Array()
  /** The turn before, and what came behind it. */
  #before: Int16Array[] = []
  #previous: Int16Array = new Int16Array()
  #sinceTurn = 0
  #isSpeaking = false
  #continues = false
  #isDeaf = false
  #isBusy = false
  #isStopped = false
  /** Samples of a channel that were judged. */
  #at = 0
  /** Grows when all that was heard is forgotten. */
  #epoch = 0

  /**
   * @param parts - what the model is asked with
   * @param listener - is told
   */
  constructor(parts: BlockParts, listener: SpeechListener) {
    this.#parts = parts
    this.#listener = listener
    this.#question = new Question(parts.clock)
    this.#blockLength = Math.round(parts.algo.audioChunkDuration * parts.sampleRate) * parts.channels
  }

  onAudio(): void {
    while (!this.#isBusy && !this.#isStopped) {
      const frame = this.#parts.frames.next()
      if (frame === null) return
      this.#add(frame[1])
    }
  }

  setReply(mode: ReplyMode): void {
    if (mode === 'deaf' && !this.#isDeaf) this.reset()
    this.#isDeaf = mode === 'deaf'
  }

  continueTurn(): void {
    this.#continues = true
  }

  takeTurn(): void {
    const { from, audio } = this.#soFar()
    this.#tellLater({ kind: 'pause', reason: 'taken', from, to: this.#now(), foundAt: this.#now(), audio })
    this.reset()
  }

  peekTurn(): void {
    const { from, audio } = this.#soFar()
    this.#tellLater({ kind: 'peeked', from, to: this.#now(), foundAt: this.#now(), audio })
  }

  reset(): void {
    this.#epoch++
    this.#at += this.#length / this.#parts.channels
    this.#isSpeaking = this.#continues = false
    this.#forgetBlock()
    this.#turn = []
    this.#before = []
    this.#previous = new Int16Array()
  }

  stop(): void {
    this.#isStopped = true
    this.#question.cancel()
  }

  #add(samples: Int16Array): void {
    if (this.#isDeaf) {
      this.#at += samples.length / this.#parts.channels
      return
    }
    this.#block.push(samples)
    this.#length += samples.length
    if (this.#length >= this.#blockLength) this.#judge(join(this.#block))
  }

  #judge(block: Int16Array): void {
    this.#forgetBlock()
    const { model, modelOptions, sampleRate, channels } = this.#parts
    const epoch = this.#epoch
    const take = (result: unknown): void => {
      if (epoch === this.#epoch) this.#take(block, this.#check(result))
      else this.#at += block.length / channels
    }
    try {
      // A copy: a model may hand its audio over to a worker, and the turn is made of the block too.
      const result: unknown = model.vad([sampleRate, toMono(block.slice(), channels)], modelOptions)
      if (isThenable(result)) this.#wait(result, take)
      else take(result)
    } catch (error) {
      take(toWebRTCError(error))
    }
  }

  #wait(result: PromiseLike<unknown>, take: (result: unknown) => void): void {
    this.#isBusy = true
    const settled = (answer: unknown): void => {
      this.#isBusy = false
      take(answer)
      this.onAudio()
    }
    this.#question.ask(
      "The model's vad()",
      () => result,
      settled,
      (error) => settled(toWebRTCError(error)),
    )
  }

  #check(result: unknown): VadResult {
    const { duration, chunks } = Object(result) as { duration?: unknown; chunks?: unknown }
    if (typeof duration === 'number' && duration >= 0) return { duration, chunks: Array.isArray(chunks) ? chunks : [] }
    const error = result instanceof Error ? result : undefined
    const gave = duration === undefined ? describe(result) : `{ duration: ${describe(duration)} }`
    const what = `The model's vad() gave ${gave}; it must be { duration, chunks }, the seconds of speech and where they are`
    this.#parts.onError(error ?? new TypeError(what))
    return { duration: 0, chunks: [] }
  }

  #take(block: Int16Array, { duration, chunks }: VadResult): void {
    const { algo, sampleRate, channels } = this.#parts
    const start = this.#at / sampleRate
    this.#at += block.length / channels
    if (!this.#isSpeaking && duration > algo.startedTalkingThreshold) {
      this.#isSpeaking = true
      this.#preRoll = this.#endOfPrevious()
      this.#listener({ kind: 'started', at: start + this.#within(block, chunks[0]?.start ?? 0), foundAt: this.#now() })
      // Whoever was told may have begun anew.
      if (!this.#isSpeaking) return
    }
    if (this.#isSpeaking) this.#turn.push(block)
    else this.#keep(block)
    if (!this.#isSpeaking) return
    const isLong = this.#seconds(this.#pieces()) >= algo.maxContinuousSpeechS
    const isPause = duration < algo.speechThreshold
    if (isLong || isPause)
      this.#pause(isLong ? 'max' : 'pause', start + this.#within(block, chunks.at(-1)?.end ?? Infinity))
  }

  #pause(reason: 'pause' | 'max', end: number): void {
    const { from, audio } = this.#soFar()
    this.#before = this.#pieces()
    this.#previous = this.#turn.at(-1) ?? this.#previous
    this.#turn = []
    this.#sinceTurn = 0
    this.#isSpeaking = this.#continues = false
    const foundAt = this.#now()
    this.#listener({ kind: 'stopped', at: end, foundAt })
    this.#listener({ kind: 'pause', reason, from, to: foundAt, foundAt, audio })
  }

  /** A block without speech: it may turn out to be inside a turn, and its end is what the next one begins with. */
  #keep(block: Int16Array): void {
    this.#previous = block
    if (this.#before.length === 0) return
    this.#before.push(block)
    this.#sinceTurn += this.#seconds([block])
    if (this.#sinceTurn > KEPT_S) this.#before = []
  }

  #soFar(): { from: number; audio: Int16Array } {
    const pieces = this.#pieces()
    return { from: Math.max(0, this.#now() - this.#seconds(pieces)), audio: join(pieces) }
  }

  #pieces(): Int16Array[] {
    if (!this.#isSpeaking) return this.#continues ? [...this.#before] : []
    return [...(this.#continues ? this.#before : [this.#preRoll]), ...this.#turn, ...this.#block]
  }

  #endOfPrevious(): Int16Array {
    const { sampleRate, channels, padMs } = this.#parts
    const length = Math.round((padMs / 1000) * sampleRate) * channels
    return length === 0 ? new Int16Array() : this.#previous.slice(-length)
  }

  #now(): number {
    const { sampleRate, channels } = this.#parts
    return (this.#at + this.#length / channels) / sampleRate
  }

  #seconds(pieces: readonly Int16Array[]): number {
    const { sampleRate, channels } = this.#parts
    return pieces.reduce((sum, { length }) => sum + length, 0) / channels / sampleRate
  }

  /** Where in a block a position of the model's is, in seconds; a model may say what it likes. */
  #within(block: Int16Array, position: number): number {
    const seconds = position / MODEL_RATE
    return seconds >= 0 ? Math.min(seconds, this.#seconds([block])) : 0
  }

  #forgetBlock(): void {
    this.#block = []
    this.#length = 0
  }

  #tellLater(event: SpeechEvent): void {
    queueMicrotask(() => {
      if (!this.#isStopped) this.#listener(event)
    })
  }
}
