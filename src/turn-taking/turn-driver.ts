import { Driver, type DriverParts } from '../driver/driver.ts'
import { isThenable } from '../driver/emit-sink.ts'
import type { MediaLink } from '../native/media-link.ts'
import type { SpeechEvent } from '../native/speech.ts'
import { Detectors } from './detectors.ts'
import { makeSource } from './make-source.ts'
import { controlTurns, type ReplyOnPause } from './reply-on-pause.ts'
import type { SpeechSource } from './speech-source.ts'
import type { Turn, TurnReason } from './turn.ts'
import type { TurnAction } from './turn-action.ts'
import type { Spoken, TurnInput } from './turn-input.ts'
import { TurnMachine } from './turn-machine.ts'
import { TurnNews } from './turn-news.ts'
import { TurnRecord } from './turn-record.ts'
import type { TurnSettings } from './turn-settings.ts'
import { Voice } from './voice.ts'

/** Runs a handler that takes turns: what is heard goes to its {@link TurnMachine}, and what that says is done here. */
export class TurnDriver extends Driver<ReplyOnPause> {
  readonly #link: MediaLink
  readonly #settings: TurnSettings
  readonly #news: TurnNews
  readonly #record: TurnRecord
  readonly #machine: TurnMachine
  readonly #source: SpeechSource
  readonly #detectors: Detectors
  readonly #voice: Voice
  #inputs: TurnInput[] = []
  #isHandling = false
  /** The handler is reset between two turns, by its driver. */
  #isBetween = false
  /** A reply was asked for before the client had connected. */
  #isTriggered = false

  /** @param parts - what is run, and for whom */
  constructor(parts: DriverParts<ReplyOnPause>) {
    super(parts)
    const { link, client, handler } = parts
    const turns = controlTurns(handler, {
      greet: () => this.#greet(),
      trigger: () => this.#trigger(),
      reset: () => this.#reset(),
    })
    this.#link = link
    this.#settings = turns.settings
    this.#news = new TurnNews(handler, client, () => this.isRunning)
    this.#record = new TurnRecord(handler, turns)
    this.#machine = makeMachine(turns.settings)
    this.#detectors = this.#makeDetectors()
    this.#voice = this.#makeVoice()
    this.#source = this.#makeSource()
  }

  override onAudio(): void {
    if (this.isRunning) this.inContext(() => this.#source.onAudio())
  }

  override onRoom(): void {
    if (this.isRunning) this.#voice.onRoom()
  }

  override async end(): Promise<void> {
    await super.end()
    await this.#voice.ended()
  }

  protected override run(): void {
    if (!this.isRunning) return
    void this.#warmUp()
    if (this.#isTriggered) this.#take({ kind: 'triggered' })
    this.#source.onAudio()
  }

  protected override stop(): void {
    this.#source.stop()
    this.#detectors.cancel()
    // What waits to be heard, such as the last words before a CloseStream, is not to be interrupted any more.
    this.#news.attempt(() => this.#link.setReply('deaf'))
    this.#voice.stop('The session has ended')
  }

  #makeDetectors(): Detectors {
    const { clock } = this
    const [settings, record, onError] = [this.#settings, this.#record, this.#news.complain]
    return new Detectors({ settings, record, clock, answer: (input) => this.#take(input), onError })
  }

  #makeVoice(): Voice {
    const { handler, sink, ticker, clock } = this
    const [settings, link, record, news] = [this.#settings, this.#link, this.#record, this.#news]
    return new Voice({
      handler,
      settings,
      link,
      sink,
      ticker,
      clock,
      record,
      news,
      isRunning: () => this.isRunning,
      inContext: (fn) => this.inContext(fn),
      halt: () => this.halt(),
      onSaid: () => this.#resetBetween(),
      onHeard: () => this.#take({ kind: 'finished' }),
    })
  }

  #makeSource(): SpeechSource {
    const { handler, frames, clock } = this
    const [settings, link, news] = [this.#settings, this.#link, this.#news]
    const onStopWord = (): void => news.tell({ type: 'stopword', data: '' })
    return makeSource({ handler, settings, link, frames, clock, onError: news.complain, onStopWord }, this.#onSpeech)
  }

  async #warmUp(): Promise<void> {
    try {
      await this.#settings.model?.warmup()
    } catch (error) {
      this.#news.complain(error)
    }
  }

  #greet(): Promise<void> | undefined {
    const { startupFn, needsArgs } = this.#settings
    if (startupFn === undefined) return undefined
    const greet = (): void => this.#take({ kind: 'greet' })
    if (needsArgs) return this.handler.waitForArgs().then(greet)
    greet()
    return undefined
  }

  #trigger(): void {
    if (this.isRunning) this.#take({ kind: 'triggered' })
    else this.#isTriggered = true
  }

  #reset(): void {
    if (!this.#isBetween) this.#take({ kind: 'reset' })
  }

  readonly #onSpeech = (event: SpeechEvent): void => {
    const { kind } = event
    if (kind === 'probability') return this.#news.announce('vad', { at: event.at, probability: event.probability })
    if (kind === 'stopped') return this.#news.announce('speech-end', { at: event.at, foundAt: event.foundAt })
    if (kind === 'peeked') return this.#detectors.challenge(event, this.#voice.takeHeardMs())
    if (kind === 'started') this.#onStarted(event)
    this.#take(event)
    // The engine ignores what is written until it is told that the reply was dropped here too.
    if (kind === 'started' && event.interrupted !== undefined) this.#news.attempt(() => this.#link.clearQueue())
  }

  #onStarted({ at, foundAt, interrupted }: SpeechEvent & { kind: 'started' }): void {
    this.#news.announce('speech-start', { at, foundAt })
    this.#voice.silenced(interrupted?.heardMs)
    if (this.#voice.isHeard) this.#voice.finish()
  }

  /** One after the other: what is done about one thing may bring about the next. */
  #take(input: TurnInput): void {
    this.#inputs.push(input)
    if (this.#isHandling) return
    this.#isHandling = true
    this.inContext(() => {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        if (!this.isRunning) continue
        for (const action of this.#machine.handle(next)) this.#do(action)
      }
    })
    this.#isHandling = false
  }

  #do(action: TurnAction): void {
    switch (action.do) {
      case 'log':
        return this.#news.tell({ type: 'log', data: action.message })
      case 'judge':
        return this.#detectors.judge(action.turn)
      case 'challenge':
        return this.#source.peekTurn()
      case 'ask-again':
        return this.#detectors.askAgain()
      case 'wait':
        return this.#detectors.waitForMore()
      case 'cancel':
        return this.#detectors.cancel()
      case 'continue':
        return this.#source.continueTurn()
      case 'take':
        return this.#source.takeTurn()
      case 'hear':
        return this.#source.setReply(action.mode)
      case 'reply':
        return this.#begin(action.turn, action.reason)
      case 'greet':
        return this.#beginGreeting()
      case 'stop':
        return this.#interrupt()
      case 'tell-interruption':
        return this.#tellInterruption(action.at, action.foundAt)
      case 'forget':
        return this.#source.reset()
    }
  }

  #begin(spoken: Spoken, reason: TurnReason): void {
    const turn = this.#record.close(spoken, reason)
    this.#news.announce('turn', turn)
    const audio = this.#record.frame(spoken.audio)
    const reply = this.handler.fn as (...all: unknown[]) => unknown
    this.#voice.speak(turn, 'reply function', { fn: reply, first: [audio] })
  }

  #beginGreeting(): void {
    const turn: Turn = { number: 0, from: 0, to: 0, foundAt: 0, audioSeconds: 0, reason: 'startup' }
    const greet = this.#settings.startupFn as (...all: unknown[]) => unknown
    this.#voice.speak(turn, 'option startupFn', { fn: greet, first: [] })
  }

  #interrupt(): void {
    this.#record.interrupted(this.#voice.takeHeardMs())
    const wasSpeaking = this.#voice.isSpeaking
    this.#voice.stop('The reply was interrupted')
    this.#news.attempt(() => this.handler.clearQueue())
    if (wasSpeaking) this.#resetBetween()
  }

  #tellInterruption(at: number, foundAt: number): void {
    this.#news.announce('interrupted', { at, foundAt, heardMs: this.#record.interruptedMs ?? 0 })
  }

  #resetBetween(): void {
    this.#isBetween = true
    try {
      // A subclass may have made it asynchronous: nobody else would hear of its failure.
      const done: unknown = this.handler.reset()
      if (isThenable(done)) Promise.resolve(done).catch((error: unknown) => this.#news.complain(error))
    } catch (error) {
      this.#news.complain(error)
    }
    this.#isBetween = false
  }
}

function makeMachine({ canInterrupt, interruptionDetector, turnDetector }: TurnSettings): TurnMachine {
  const interrupts = canInterrupt && interruptionDetector !== undefined ? 'ask' : canInterrupt
  return new TurnMachine({ interrupts, judges: turnDetector !== undefined })
}
