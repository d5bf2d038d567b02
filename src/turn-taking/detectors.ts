import { describe } from '../frames/describe.ts'
import type { Clock } from '../native/clock.ts'
import type { SpeechEvent } from '../native/speech.ts'
import { Question } from './question.ts'
import type { Spoken, TurnInput } from './turn-input.ts'
import type { TurnRecord } from './turn-record.ts'
import type { TurnSettings } from './turn-settings.ts'

/** How long the interruption detector is left alone after it said no, in ms. */
const ASK_AGAIN_MS = 300

/** What detectors are asked with. */
export interface DetectorParts {
  /** The handler's options, with the detectors. */
  readonly settings: TurnSettings
  /** Describes what they are asked about. */
  readonly record: TurnRecord
  /** What time is. */
  readonly clock: Clock
  /** Takes an answer, or that the time is over. */
  readonly answer: (input: TurnInput) => void
  /** A detector failed, or gave nonsense; it counts as if there were none. */
  readonly onError: (error: unknown) => void
}

/** Asks the user's detectors, or waits until they are asked again: one thing at a time. */
export class Detectors {
  readonly #parts: DetectorParts
  readonly #question: Question

  /** @param parts - what they are asked with */
  constructor(parts: DetectorParts) {
    this.#parts = parts
    this.#question = new Question(parts.clock)
  }

  /**
   * Asks whether a turn is over.
   *
   * @param spoken - what was said
   */
  judge(spoken: Spoken): void {
    const { record, settings, answer, onError } = this.#parts
    const turn = record.describe(spoken, 'pause')
    this.#question.ask(
      'turnDetector',
      // A copy: it may hand its audio over to a worker, and what replies is to hear it too.
      (signal) => settings.turnDetector?.(record.frame(spoken.audio.slice()), record.context(turn, signal)),
      this.#onProbability,
      (error) => {
        onError(error)
        answer({ kind: 'judged', isOver: true })
      },
    )
  }

  /**
   * Asks whether what was said over the reply is an interruption.
   *
   * @param speech - what was said
   * @param heardMs - how much of the reply was heard
   */
  challenge(speech: SpeechEvent & { kind: 'peeked' }, heardMs: number): void {
    const { record, settings, answer, onError } = this.#parts
    const turn = { ...record.describe(speech, 'pause'), heardMs }
    this.#question.ask(
      'interruptionDetector',
      (signal) => settings.interruptionDetector?.(record.frame(speech.audio), record.context(turn, signal)),
      this.#onVerdict,
      (error) => {
        onError(error)
        answer({ kind: 'challenged', isInterruption: true })
      },
    )
  }

  /** Waits until the interruption detector is to be asked again. */
  askAgain(): void {
    this.#wait(ASK_AGAIN_MS)
  }

  /** Waits for a speaker to go on, so long as a pause may be. */
  waitForMore(): void {
    this.#wait(this.#parts.settings.maxPauseS * 1000)
  }

  /** Nothing that was asked or is waited for counts any more. */
  cancel(): void {
    this.#question.cancel()
  }

  readonly #onProbability = (probability: unknown): void => {
    const { settings, answer, onError } = this.#parts
    const isOne = typeof probability === 'number' && probability >= 0 && probability <= 1
    if (!isOne) {
      onError(new TypeError(`turnDetector gave ${describe(probability)}; it must be a number from 0 to 1`))
    }
    answer({ kind: 'judged', isOver: !isOne || probability >= settings.turnThreshold })
  }

  readonly #onVerdict = (verdict: unknown): void => {
    const { answer, onError } = this.#parts
    if (typeof verdict !== 'boolean') {
      onError(new TypeError(`interruptionDetector gave ${describe(verdict)}; it must be true or false`))
    }
    answer({ kind: 'challenged', isInterruption: verdict !== false })
  }

  #wait(ms: number): void {
    this.#question.wait(ms, () => this.#parts.answer({ kind: 'time' }))
  }
}
