import { EmitLoop } from '../driver/emit-loop.ts'
import type { EmitSink } from '../driver/emit-sink.ts'
import type { Ticker } from '../driver/ticker.ts'
import { AdditionalOutputs } from '../frames/additional-outputs.ts'
import { PLACEHOLDER } from '../handlers/stream-handler-base.ts'
import type { Clock } from '../native/clock.ts'
import type { MediaLink } from '../native/media-link.ts'
import { Question } from './question.ts'
import type { ReplyOnPause } from './reply-on-pause.ts'
import { ReplyProgress } from './reply-progress.ts'
import { Reply } from './reply.ts'
import type { Turn } from './turn.ts'
import type { TurnNews } from './turn-news.ts'
import type { TurnRecord } from './turn-record.ts'
import type { TurnSettings } from './turn-settings.ts'

/** How soon a queue that should be empty is looked at again, in ms. */
const LOOK_MS = 20

/** A function that replies, and what it gets before the arguments and the context. */
export interface Replier {
  /** The user's. */
  readonly fn: (...all: unknown[]) => unknown
  /** Of its arguments. */
  readonly first: readonly unknown[]
}

/** What a voice speaks with. */
export interface VoiceParts {
  /** Who speaks. */
  readonly handler: ReplyOnPause
  /** Its options. */
  readonly settings: TurnSettings
  /** What it says goes there. */
  readonly link: MediaLink
  /** Takes what is yielded. */
  readonly sink: EmitSink
  /** Says when to try again with nothing to say. */
  readonly ticker: Ticker
  /** What time is. */
  readonly clock: Clock
  /** Makes the context of a reply. */
  readonly record: TurnRecord
  /** Is told that a reply begins to be heard, and what fails. */
  readonly news: TurnNews
  /** Whether the session has not ended. */
  readonly isRunning: () => boolean
  /** Runs a function in the context of the session. */
  readonly inContext: (fn: () => void) => void
  /** The reply has ended the stream. */
  readonly halt: () => void
  /** A reply has said all that it had to say. */
  readonly onSaid: () => void
  /** And it was heard. */
  readonly onHeard: () => void
}

/** Speaks a reply at a time: runs its generator, and knows when it was heard to its end. */
export class Voice {
  readonly #parts: VoiceParts
  readonly #progress: ReplyProgress
  readonly #playout: Question
  #reply: Reply | undefined
  #loop: EmitLoop | undefined
  /** The client was told that the reply begins. */
  #isTold = false
  #ending: Promise<void> = Promise.resolve()

  /** @param parts - what it speaks with */
  constructor(parts: VoiceParts) {
    this.#parts = parts
    this.#progress = new ReplyProgress(parts.link)
    this.#playout = new Question(parts.clock)
  }

  /** Whether the reply has more to say. */
  get isSpeaking(): boolean {
    return this.#reply?.isRunning === true
  }

  /** Whether a reply has said all, and nothing of it is unheard but the last word: speech that begins then interrupts nothing. */
  get isHeard(): boolean {
    return this.#reply?.isRunning === false && this.#progress.isHeard
  }

  /**
   * Begins with a reply.
   *
   * @param turn - what it replies to
   * @param name - what the function is that replies, see {@link ReplyParts.name}
   * @param replier - the function
   */
  speak(turn: Turn, name: string, { fn, first }: Replier): void {
    this.#isTold = false
    this.#progress.begin()
    let given = 0
    const reply: Reply = new Reply({
      name,
      open: async (signal) => {
        const args = [...first, ...this.#withContext(await this.#args(), turn, signal)]
        given = args.length
        return reply.isRunning ? fn(...args) : []
      },
      onValue: (value) => this.#onValue(value),
      onOver: (error) => this.#onOver(this.#explained(error, fn.length > given)),
      onLateError: this.#parts.news.complain,
    })
    this.#reply = reply
    this.#run(reply)
  }

  /** The output queue has room again. */
  onRoom(): void {
    if (this.#loop?.waitsForRoom === true) this.#parts.inContext(this.#loop.next)
  }

  /**
   * Speech has begun.
   *
   * @param heardMs - how much of the reply was heard, when the engine has silenced it by itself
   */
  silenced(heardMs: number | undefined): void {
    this.#progress.silenced(heardMs)
  }

  /** @returns how much of the reply was heard so far, in whole ms */
  takeHeardMs(): number {
    return this.#progress.takeHeardMs()
  }

  /** The reply counts as heard. */
  finish(): void {
    this.#playout.cancel()
    this.#reply = undefined
    this.#progress.finish()
    this.#parts.onHeard()
  }

  /**
   * Ends the reply. What it has said so far is still queued.
   *
   * @param why - the reason that its signal gives
   */
  stop(why: string): void {
    const reply = this.#reply
    this.#playout.cancel()
    this.#reply = undefined
    this.#loop?.stop()
    if (reply !== undefined) this.#ending = Promise.all([this.#ending, reply.stop(why)]).then(() => undefined)
  }

  /** @returns settles when all that was stopped has ended; is never rejected */
  ended(): Promise<void> {
    return this.#ending
  }

  #run(reply: Reply): void {
    const { sink, ticker, clock, isRunning, inContext, halt, news } = this.#parts
    this.#loop = new EmitLoop(reply, sink, ticker, clock, {
      isRunning: () => isRunning() && this.#reply === reply,
      inContext,
      halt,
      fail: news.complain,
    })
    this.#loop.start()
  }

  #withContext(args: unknown[], turn: Turn, signal: AbortSignal): unknown[] {
    const { settings, record } = this.#parts
    return settings.needsContext ? [...args, record.context(turn, signal)] : args
  }

  /** A function that was given less than it has parameters for fails as if the context were at fault. */
  #explained(error: unknown, lacks: boolean): unknown {
    const { needsContext, needsArgs } = this.#parts.settings
    if (!lacks || needsContext || !(error instanceof TypeError)) return error
    const remedy = needsArgs ? 'needsContext: true gives it the context behind them' : 'needsContext: true gives it one'
    const lack = needsArgs ? 'fewer arguments than it has parameters' : 'no context'
    return new TypeError(`${error.message} (the function is given ${lack}: the option ${remedy})`, { cause: error })
  }

  /** Additional arguments are asked for anew for each reply, unless they came by themselves. On the telephone there are none to ask for. */
  async #args(): Promise<unknown[]> {
    const { handler, settings } = this.#parts
    if (!settings.needsArgs) return []
    if (!handler.argsSet.isSet && !handler.phoneMode) await handler.waitForArgs()
    return handler.latestArgs === 'not_set' ? [] : handler.latestArgs.slice(1)
  }

  #onValue(value: unknown): void {
    const { handler } = this.#parts
    const [audio, outputs]: unknown[] = isPair(value) ? value : [value, value]
    if (Array.isArray(audio)) this.#tellStart()
    this.#progress.said(audio, handler.expectedLayout)
    if (handler.phoneMode && outputs instanceof AdditionalOutputs) {
      handler.latestArgs = [PLACEHOLDER, ...outputs.args]
    }
  }

  #tellStart(): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#parts.news.tell({ type: 'log', data: 'response_starting' })
  }

  #onOver(error: unknown): void {
    if (error === undefined) this.#tellStart()
    else this.#parts.news.complain(error)
    this.#parts.onSaid()
    this.#awaitPlayout()
  }

  /** What was said is still being heard, and may be interrupted. */
  #awaitPlayout(): void {
    if (!this.#parts.isRunning()) return
    const left = this.#parts.link.queuedMs()
    if (left > 0) return this.#playout.wait(Math.max(left, LOOK_MS), () => this.#awaitPlayout())
    this.finish()
  }
}

/** Audio with something behind it, as it may be emitted. */
function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2 && Array.isArray(value[0])
}
