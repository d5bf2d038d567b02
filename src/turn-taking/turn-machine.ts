import type { ReplyMode, SpeechEvent } from '../native/speech.ts'
import type { TurnReason } from './turn.ts'
import type { TurnAction } from './turn-action.ts'
import type { Spoken, TurnInput } from './turn-input.ts'

/** How a conversation goes. */
export interface TurnRules {
  /** Whether the speaker may interrupt a reply; `'ask'`: when the interruption detector says so. */
  readonly interrupts: boolean | 'ask'
  /** Whether a turn detector is asked at a pause. */
  readonly judges: boolean
}

/** Speech over a reply. */
type Over =
  /** There is none; or the speaker talks on, and is waited for, because the reply came while they spoke. */
  | { is: 'silent' | 'going-on' }
  /** The interruption detector is asked, and the speech may have ended meanwhile; or it said no. */
  | { is: 'challenging' | 'dismissed'; started: Moment; paused?: Spoken }

interface Moment {
  readonly at: number
  readonly foundAt: number
}

type State =
  | { is: 'listening' }
  | { is: 'talking' }
  /** The turn detector is asked, or said no: the turn, if it is over. */
  | { is: 'judging' | 'holding'; turn: Spoken }
  /** What was said so far was asked for. */
  | { is: 'taking'; reason: TurnReason; turn: Spoken | undefined; interrupts: boolean }
  | { is: 'replying'; mode: ReplyMode; over: Over }

/**
 * Whose turn it is. It has no clock, no audio and no handler: what happens goes in, what is to be done comes out, and equal
 * inputs give equal outputs.
 */
export class TurnMachine {
  readonly #rules: TurnRules
  #state: State = { is: 'listening' }
  #actions: TurnAction[] = []

  /** @param rules - how the conversation goes */
  constructor(rules: TurnRules) {
    this.#rules = rules
  }

  /** Where the conversation stands. */
  get state(): State['is'] {
    return this.#state.is
  }

  /**
   * Takes what happened.
   *
   * @param input - what
   * @returns what is to be done, in this order
   */
  handle(input: TurnInput): TurnAction[] {
    this.#actions = []
    switch (input.kind) {
      case 'started':
        this.#onStarted(input)
        break
      case 'pause':
        if (input.reason === 'taken') this.#onTaken(input)
        else this.#onPause(input)
        break
      case 'judged':
        this.#onJudged(input.isOver)
        break
      case 'challenged':
        this.#onChallenged(input.isInterruption)
        break
      case 'time':
        this.#onTime()
        break
      case 'finished':
        this.#onFinished()
        break
      case 'triggered':
        this.#onTriggered()
        break
      case 'greet':
        this.#onGreet()
        break
      case 'reset':
        this.#onReset()
    }
    return this.#actions
  }

  #onStarted(input: SpeechEvent & { kind: 'started' }): void {
    const state = this.#state
    if (state.is === 'listening') this.#talk(true)
    else if (state.is === 'judging' || state.is === 'holding') this.#goOn(state.is === 'judging')
    else if (state.is === 'replying') this.#speakOver(state, input)
  }

  /** The speaker has gone on before the turn was found to be over. */
  #goOn(isAsked: boolean): void {
    this.#do({ do: 'cancel' })
    if (isAsked) this.#do({ do: 'continue' })
    this.#talk(false)
  }

  #speakOver(state: State & { is: 'replying' }, { at, foundAt }: Moment): void {
    if (state.over.is !== 'silent' || state.mode === 'deaf') return
    if (state.mode === 'none') {
      state.over = { is: 'going-on' }
      return this.#do({ do: 'log', message: 'started_talking' })
    }
    if (state.mode === 'interruptible') return this.#interrupt({ at, foundAt })
    state.over = { is: 'challenging', started: { at, foundAt } }
    this.#do({ do: 'challenge' })
  }

  #interrupt(moment: Moment): void {
    this.#do({ do: 'cancel' }, { do: 'stop' }, { do: 'tell-interruption', ...moment }, { do: 'hear', mode: 'none' })
    this.#talk(true)
  }

  #onPause(turn: Spoken): void {
    const state = this.#state
    if (state.is === 'talking' || state.is === 'listening') this.#end(turn)
    else if (state.is === 'taking') state.turn = turn
    else if (state.is === 'replying') this.#pauseOver(state, turn)
    else state.turn = turn
  }

  #pauseOver(state: State & { is: 'replying' }, turn: Spoken): void {
    const { over } = state
    if (over.is === 'challenging') over.paused = turn
    else if (over.is === 'dismissed') {
      this.#do({ do: 'cancel' })
      state.over = { is: 'silent' }
    } else if (over.is === 'going-on') {
      this.#do({ do: 'stop' }, { do: 'tell-interruption', at: turn.from, foundAt: turn.foundAt })
      this.#end(turn)
    }
  }

  /** The speaker pauses: is it the end of the turn? */
  #end(turn: Spoken): void {
    if (!this.#rules.judges || turn.reason === 'max') return this.#reply(turn, turn.reason === 'max' ? 'max' : 'pause')
    this.#state = { is: 'judging', turn }
    this.#do({ do: 'judge', turn })
  }

  #onJudged(isOver: boolean): void {
    const state = this.#state
    if (state.is !== 'judging') return
    if (isOver) return this.#reply(state.turn, 'pause')
    this.#state = { is: 'holding', turn: state.turn }
    this.#do({ do: 'continue' }, { do: 'wait' })
  }

  #onChallenged(isInterruption: boolean): void {
    const state = this.#state
    if (state.is !== 'replying' || state.over.is !== 'challenging') return
    const { started, paused } = state.over
    if (isInterruption) {
      this.#interrupt(started)
      if (paused !== undefined) this.#end(paused)
    } else if (paused === undefined) {
      state.over = { is: 'dismissed', started }
      this.#do({ do: 'ask-again' })
    } else state.over = { is: 'silent' }
  }

  #onTime(): void {
    const state = this.#state
    if (state.is === 'holding') return this.#take('pause', state.turn, false)
    if (state.is !== 'replying' || state.over.is !== 'dismissed') return
    state.over = { is: 'challenging', started: state.over.started }
    this.#do({ do: 'challenge' })
  }

  #take(reason: TurnReason, turn: Spoken | undefined, interrupts: boolean): void {
    this.#state = { is: 'taking', reason, turn, interrupts }
    this.#do({ do: 'take' })
  }

  #onTaken(taken: Spoken): void {
    const state = this.#state
    if (state.is !== 'taking') return
    const { foundAt } = taken
    if (state.interrupts) this.#do({ do: 'tell-interruption', at: foundAt, foundAt })
    // A turn that paused just before is told twice: as a pause, and then there was nothing left to take.
    this.#reply(taken.audio.length === 0 ? (state.turn ?? taken) : taken, state.reason)
  }

  #onFinished(): void {
    const state = this.#state
    if (state.is !== 'replying') return
    const { over } = state
    this.#do({ do: 'cancel' }, { do: 'hear', mode: 'none' })
    if (over.is === 'silent') this.#state = { is: 'listening' }
    else this.#talk(over.is !== 'going-on')
    if (over.is === 'challenging' && over.paused !== undefined) this.#end(over.paused)
  }

  #onTriggered(): void {
    const state = this.#state
    if (state.is === 'taking') return
    this.#do({ do: 'cancel' })
    if (state.is !== 'replying') return this.#take('trigger', 'turn' in state ? state.turn : undefined, false)
    this.#do({ do: 'stop' }, { do: 'hear', mode: 'none' })
    this.#take('trigger', 'paused' in state.over ? state.over.paused : undefined, true)
  }

  /** What is said first is said to somebody who speaks already, but not to somebody who waits for a reply. */
  #onGreet(): void {
    const { is } = this.#state
    if (is !== 'listening' && is !== 'talking') return
    this.#speak(is === 'talking', 'going-on')
    this.#do({ do: 'greet' })
  }

  #onReset(): void {
    this.#do({ do: 'cancel' })
    if (this.#state.is === 'replying') this.#do({ do: 'stop' })
    this.#state = { is: 'listening' }
    this.#do({ do: 'hear', mode: 'none' }, { do: 'forget' })
  }

  #talk(isNew: boolean): void {
    this.#state = { is: 'talking' }
    if (isNew) this.#do({ do: 'log', message: 'started_talking' })
  }

  #reply(turn: Spoken, reason: TurnReason): void {
    this.#do({ do: 'log', message: 'pause_detected' })
    this.#speak(reason === 'max', 'silent')
    this.#do({ do: 'reply', turn, reason })
  }

  /**
   * A reply begins.
   *
   * @param isLapping - whether the speaker has not paused: talking on is no interruption then, but the next pause ends the reply
   * @param over - whether a start of that speech was told already
   */
  #speak(isLapping: boolean, over: 'silent' | 'going-on'): void {
    const mode = isLapping && this.#rules.interrupts !== false ? 'none' : MODES[`${this.#rules.interrupts}`]
    this.#state = { is: 'replying', mode, over: { is: mode === 'none' ? over : 'silent' } }
    this.#do({ do: 'hear', mode })
  }

  #do(...actions: TurnAction[]): void {
    this.#actions.push(...actions)
  }
}

const MODES = { true: 'interruptible', false: 'deaf', ask: 'ask' } as const
