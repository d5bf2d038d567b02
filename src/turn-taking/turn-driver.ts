import { Driver, type DriverParts } from '../driver/driver.ts'
import type { DriverClient } from '../driver/driver-client.ts'
import { EmitLoop } from '../driver/emit-loop.ts'
import { AdditionalOutputs } from '../frames/additional-outputs.ts'
import { type AudioFrame, channelsOf, type EmitAudio, type Layout } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'
import { toWebRTCError } from '../frames/thrown.ts'
import { PLACEHOLDER } from '../handlers/stream-handler-base.ts'
import type { MediaLink } from '../native/media-link.ts'
import type { SpeechEvent } from '../native/speech.ts'
import { formatMessage, type ServerMessage } from '../signaling/messages.ts'
import { makeSource } from './make-source.ts'
import { Question } from './question.ts'
import type { ReplyContext } from './reply-context.ts'
import { controlTurns, type ReplyOnPause, type TurnParts } from './reply-on-pause.ts'
import { Reply } from './reply.ts'
import type { SpeechSource } from './speech-source.ts'
import type { SpeechNews, Turn, TurnReason } from './turn.ts'
import { type Spoken, type TurnAction, type TurnInput, TurnMachine } from './turn-machine.ts'

/** How long the interruption detector is left alone after it said no, in ms. */
const ASK_AGAIN_MS = 300
/** How soon a queue that should be empty is looked at again, in ms. */
const LOOK_MS = 20
/** With so little of a reply unheard it counts as heard, in ms. */
const LAST_WORD_MS = 100

/** What was said, whole or so far. */
type Heard = Pick<Spoken, 'from' | 'to' | 'foundAt' | 'audio'>

/** Runs a handler that takes turns: what is heard goes to its {@link TurnMachine}, and what that says is done here. */
export class TurnDriver extends Driver<ReplyOnPause> {
  readonly #link: MediaLink
  readonly #client: DriverClient
  readonly #parts: TurnParts
  readonly #source: SpeechSource
  readonly #machine: TurnMachine
  readonly #question: Question
  readonly #playout: Question
  #inputs: TurnInput[] = []
  #isHandling = false
  #isBetween = false
  #isTriggered = false
  #reply: Reply | undefined
  #loop: EmitLoop | undefined
  #hasAudio = false
  /** How long all is that the reply has said, in ms. */
  #saidMs = 0
  #ending: Promise<void> = Promise.resolve()
  #turns = 0
  /** What the client had heard when the reply began, in ms. */
  #heardBefore = 0
  /** What the engine says of the reply that it silenced. */
  #silencedAtMs: number | undefined
  /** How much was heard of the reply that was stopped. */
  #heardMs: number | undefined

  /** @param parts - what is run, and for whom */
  constructor(parts: DriverParts<ReplyOnPause>) {
    super(parts)
    const { link, client, handler } = parts
    this.#link = link
    this.#client = client
    this.#question = new Question(this.clock)
    this.#playout = new Question(this.clock)
    this.#parts = controlTurns(handler, {
      greet: () => this.#greet(),
      trigger: () => this.#trigger(),
      reset: () => this.#reset(),
    })
    const { settings } = this.#parts
    const interrupts =
      settings.canInterrupt && settings.interruptionDetector !== undefined ? 'ask' : settings.canInterrupt
    this.#machine = new TurnMachine({ interrupts, judges: settings.turnDetector !== undefined })
    const { frames, clock } = this
    const onStopWord = (): void => this.#tell({ type: 'stopword', data: '' })
    this.#source = makeSource(
      { handler, settings, link, frames, clock, onError: this.#complain, onStopWord },
      this.#onSpeech,
    )
  }

  override onAudio(): void {
    if (this.isRunning) this.inContext(() => this.#source.onAudio())
  }

  override onRoom(): void {
    if (this.isRunning && this.#loop?.waitsForRoom === true) this.inContext(this.#loop.next)
  }

  override async end(): Promise<void> {
    await super.end()
    await this.#ending
  }

  protected override run(): void {
    if (!this.isRunning) return
    void this.#warmUp()
    if (this.#isTriggered) this.#take({ kind: 'triggered' })
    this.#source.onAudio()
  }

  protected override stop(): void {
    this.#source.stop()
    this.#question.cancel()
    this.#playout.cancel()
    // What waits to be heard, such as the last words before a CloseStream, is not to be interrupted any more.
    this.#attempt(() => this.#link.setReply('deaf'))
    this.#stopReply('The session has ended')
  }

  async #warmUp(): Promise<void> {
    try {
      await this.#parts.settings.model?.warmup()
    } catch (error) {
      this.#complain(error)
    }
  }

  #greet(): Promise<void> | undefined {
    const { startupFn, needsArgs } = this.#parts.settings
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
    if (kind === 'probability') return this.#announce('vad', { at: event.at, probability: event.probability })
    if (kind === 'stopped') return this.#announce('speech-end', { at: event.at, foundAt: event.foundAt })
    if (kind === 'peeked') return this.#challenge(event)
    if (kind === 'started') {
      this.#announce('speech-start', { at: event.at, foundAt: event.foundAt })
      this.#silencedAtMs = event.interrupted?.heardMs
      if (this.#wasHeard()) this.#finish()
    }
    this.#take(event)
    // The engine ignores what is written until it is told that the reply was dropped here too.
    if (kind === 'started' && event.interrupted !== undefined) this.#attempt(() => this.#link.clearQueue())
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
        return this.#tell({ type: 'log', data: action.message })
      case 'judge':
        return this.#judge(action.turn)
      case 'challenge':
        return this.#source.peekTurn()
      case 'ask-again':
        return this.#question.wait(ASK_AGAIN_MS, () => this.#take({ kind: 'time' }))
      case 'wait':
        return this.#question.wait(this.#parts.settings.maxPauseS * 1000, () => this.#take({ kind: 'time' }))
      case 'cancel':
        return this.#question.cancel()
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
        return this.#announce('interrupted', {
          at: action.at,
          foundAt: action.foundAt,
          heardMs: this.#heardMs ?? 0,
        })
      case 'forget':
        return this.#source.reset()
    }
  }

  #judge(spoken: Spoken): void {
    const { turnDetector, turnThreshold } = this.#parts.settings
    const over = { kind: 'judged', isOver: true } as const
    this.#question.ask(
      (signal) => turnDetector?.(this.#frame(spoken.audio), this.#context(this.#turnOf(spoken, 'pause'), signal)),
      (probability: unknown) => {
        if (typeof probability === 'number' && probability >= 0 && probability <= 1) {
          return this.#take({ kind: 'judged', isOver: probability >= turnThreshold })
        }
        this.#complain(new TypeError(`turnDetector gave ${describe(probability)}; it must be a number from 0 to 1`))
        this.#take(over)
      },
      (error) => {
        this.#complain(error)
        this.#take(over)
      },
    )
  }

  /** Asks whether what was said over the reply is an interruption. */
  #challenge(speech: SpeechEvent & { kind: 'peeked' }): void {
    const { interruptionDetector } = this.#parts.settings
    const turn = { ...this.#turnOf(speech, 'pause'), heardMs: this.#heardSoFar() }
    this.#question.ask(
      (signal) => interruptionDetector?.(this.#frame(speech.audio), this.#context(turn, signal)),
      (answer: unknown) => {
        if (typeof answer !== 'boolean') {
          this.#complain(new TypeError(`interruptionDetector gave ${describe(answer)}; it must be true or false`))
        }
        this.#take({ kind: 'challenged', isInterruption: answer !== false })
      },
      (error) => {
        this.#complain(error)
        this.#take({ kind: 'challenged', isInterruption: true })
      },
    )
  }

  #begin(spoken: Spoken, reason: TurnReason): void {
    const turn = this.#turnOf(spoken, reason)
    this.#turns++
    this.#heardMs = undefined
    this.#announce('turn', turn)
    this.#speak(turn, (args) => (this.handler.fn as (...all: unknown[]) => unknown)(this.#frame(spoken.audio), ...args))
  }

  #beginGreeting(): void {
    const turn: Turn = { number: 0, from: 0, to: 0, foundAt: 0, audioSeconds: 0, reason: 'startup' }
    const { startupFn } = this.#parts.settings
    this.#speak(turn, (args) => (startupFn as (...all: unknown[]) => unknown)(...args))
  }

  #speak(turn: Turn, call: (args: unknown[]) => unknown): void {
    this.#hasAudio = false
    this.#saidMs = 0
    this.#heardBefore = this.#link.playedMs()
    const reply: Reply = new Reply({
      open: async (signal) => {
        const args = await this.#args()
        return reply.isRunning
          ? call(this.#parts.settings.needsContext ? [...args, this.#context(turn, signal)] : args)
          : []
      },
      onValue: (value) => this.#onValue(value),
      onOver: (error) => this.#onOver(error),
      onLateError: this.#complain,
    })
    this.#reply = reply
    const isRunning = (): boolean => this.isRunning && this.#reply === reply
    this.#loop = new EmitLoop(reply, this.sink, this.ticker, this.clock, {
      isRunning,
      inContext: (fn) => this.inContext(fn),
      halt: () => this.halt(),
      fail: this.#complain,
    })
    this.#loop.start()
  }

  /** Additional arguments are asked for anew for each reply, unless they came by themselves. On the telephone there are none to ask for. */
  async #args(): Promise<unknown[]> {
    const { handler } = this
    if (!this.#parts.settings.needsArgs) return []
    if (!handler.argsSet.isSet && !handler.phoneMode) await handler.waitForArgs()
    return handler.latestArgs === 'not_set' ? [] : handler.latestArgs.slice(1)
  }

  #onValue(value: unknown): void {
    const [audio, outputs]: unknown[] = isPair(value) ? value : [value, value]
    if (Array.isArray(audio)) this.#startResponse()
    this.#saidMs += msOf(audio, this.handler.expectedLayout)
    if (this.handler.phoneMode && outputs instanceof AdditionalOutputs) {
      this.handler.latestArgs = [PLACEHOLDER, ...outputs.args]
    }
  }

  #startResponse(): void {
    if (this.#hasAudio) return
    this.#hasAudio = true
    this.#tell({ type: 'log', data: 'response_starting' })
  }

  #onOver(error: unknown): void {
    if (error === undefined) this.#startResponse()
    else this.#complain(error)
    this.#resetBetween()
    this.#awaitPlayout()
  }

  /** What was emitted is still being heard, and may be interrupted. */
  #awaitPlayout(): void {
    if (!this.isRunning) return
    const left = this.#link.queuedMs()
    if (left > 0) return this.#playout.wait(Math.max(left, LOOK_MS), () => this.#awaitPlayout())
    this.#finish()
  }

  #finish(): void {
    this.#playout.cancel()
    this.#reply = this.#silencedAtMs = undefined
    this.#take({ kind: 'finished' })
  }

  /** Speech that begins with the last word of a reply interrupts nothing. */
  #wasHeard(): boolean {
    if (this.#reply === undefined || this.#reply.isRunning) return false
    const heardMs = this.#silencedAtMs ?? this.#link.playedMs() - this.#heardBefore
    return this.#saidMs - heardMs <= LAST_WORD_MS
  }

  #interrupt(): void {
    this.#heardMs = this.#heardSoFar()
    this.#playout.cancel()
    const wasRunning = this.#reply?.isRunning === true
    this.#stopReply('The reply was interrupted')
    this.#attempt(() => this.handler.clearQueue())
    if (wasRunning) this.#resetBetween()
  }

  #stopReply(why: string): void {
    const reply = this.#reply
    this.#reply = undefined
    this.#loop?.stop()
    if (reply !== undefined) this.#ending = Promise.all([this.#ending, reply.stop(why)]).then(() => undefined)
  }

  #heardSoFar(): number {
    const heardMs = this.#silencedAtMs ?? this.#link.playedMs() - this.#heardBefore
    this.#silencedAtMs = undefined
    return Math.max(0, Math.round(heardMs))
  }

  #resetBetween(): void {
    this.#isBetween = true
    try {
      this.handler.reset()
    } catch (error) {
      this.#complain(error)
    }
    this.#isBetween = false
  }

  #frame(samples: Int16Array): AudioFrame {
    return [this.handler.inputSampleRate, samples]
  }

  /** The turn after those that were replied to. */
  #turnOf({ from, to, foundAt, audio }: Heard, reason: TurnReason): Turn {
    const { inputSampleRate, expectedLayout } = this.handler
    const audioSeconds = audio.length / channelsOf(expectedLayout) / inputSampleRate
    const heard = this.#heardMs === undefined ? {} : { heardMs: this.#heardMs }
    return { number: this.#turns + 1, from, to, foundAt, audioSeconds, reason, ...heard }
  }

  #context(turn: Turn, signal: AbortSignal): ReplyContext {
    const { session } = this.#parts
    if (session === undefined) throw new TypeError('The handler serves no session')
    return { signal, session, turn }
  }

  #announce<Name extends SpeechNews[0]>(name: Name, detail: (SpeechNews & readonly [Name, unknown])[1]): void {
    this.#client.onSpeech([name, detail] as unknown as SpeechNews)
  }

  #tell(message: ServerMessage): void {
    this.#attempt(() => this.handler.sendMessageSync(formatMessage(message)))
  }

  readonly #complain = (error: unknown): void => this.#client.onComplaint(toWebRTCError(error))

  /** Does what fails when the session has just ended, and what a subclass has overridden. */
  #attempt(action: () => void): void {
    try {
      action()
    } catch (error) {
      if (this.isRunning) this.#complain(error)
    }
  }
}

/** Audio with something behind it, as it may be emitted. */
function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2 && Array.isArray(value[0])
}

/** How long audio is, in ms; 0 for what is none. */
function msOf(audio: unknown, defaultLayout: Layout): number {
  const [sampleRate, samples, layout] = (Array.isArray(audio) ? audio : []) as unknown as Partial<EmitAudio>
  const ms = ((samples?.length ?? 0) / channelsOf(layout ?? defaultLayout) / (sampleRate ?? 1)) * 1000
  return Number.isFinite(ms) ? ms : 0
}
