import type { MediaLink } from '../native/media-link.ts'
import type { ReplyMode, SpeechSettings } from '../native/speech.ts'
import type { SpeechListener, SpeechSource } from './speech-source.ts'

/** The engine listens, on its media thread, a frame of 32 ms at a time. */
export class NativeSpeech implements SpeechSource {
  readonly #link: MediaLink
  readonly #listener: SpeechListener
  #isStopped = false

  /**
   * @param link - whose audio is listened to, from now on
   * @param settings - how
   * @param listener - is told
   */
  constructor(link: MediaLink, settings: SpeechSettings, listener: SpeechListener) {
    this.#link = link
    this.#listener = listener
    link.listenForSpeech(settings)
  }

  onAudio(): void {
    while (!this.#isStopped) {
      const event = this.#link.readSpeech()
      if (event === undefined) return
      this.#listener(event)
    }
  }

  setReply(mode: ReplyMode): void {
    this.#link.setReply(mode)
  }

  continueTurn(): void {
    this.#link.continueTurn()
  }

  takeTurn(): void {
    this.#link.takeTurn()
  }

  peekTurn(): void {
    this.#link.peekTurn()
  }

  reset(): void {
    this.#link.resetSpeech()
  }

  stop(): void {
    this.#isStopped = true
  }
}
