import {
  AsyncQueue,
  AsyncStreamHandler,
  type AudioFrame,
  CloseStream,
  type EmitType,
  getCurrentContext,
} from 'parley-rtc'
import { TALK_FRAMES } from './talk.ts'

/** What goes wrong: nothing; a method throws; `receive` never settles; or the handler ends the stream. */
export type Fault = 'none' | 'startUp' | 'receive' | 'emit' | 'shutdown' | 'stuck' | 'farewell'

/** Is told what happens to a {@link Subject}. */
export interface Watcher {
  /** One was made for a session. */
  onCopied(subject: Subject): void
  /** The one of that session has heard its caller. */
  onTalked(id: string): void
  /** One shuts down. */
  onShutdown(subject: Subject): void
}

/** An echo that goes wrong in one way, after it has heard a few frames. */
export class Subject extends AsyncStreamHandler {
  readonly #frames = new AsyncQueue<AudioFrame>()
  readonly #watcher: Watcher
  readonly #fault: Fault
  #heard = 0

  /**
   * @param watcher - is told
   * @param fault - what goes wrong
   */
  constructor(watcher: Watcher, fault: Fault) {
    super()
    this.#watcher = watcher
    this.#fault = fault
  }

  override async startUp(): Promise<void> {
    this.#fail('startUp')
  }

  override async receive(frame: AudioFrame): Promise<void> {
    this.#frames.put(frame)
    if (++this.#heard < TALK_FRAMES) return
    this.#watcher.onTalked(getCurrentContext().webrtcId)
    this.#fail('receive')
    if (this.#fault === 'stuck') await new Promise(() => undefined)
  }

  override async emit(): Promise<EmitType> {
    const frame = await this.#frames.get()
    if (this.#heard < TALK_FRAMES) return frame
    this.#fail('emit')
    return this.#fault === 'farewell' ? [frame, new CloseStream('Enough')] : frame
  }

  override copy(): Subject {
    const copy = new Subject(this.#watcher, this.#fault)
    this.#watcher.onCopied(copy)
    return copy
  }

  override async shutdown(): Promise<void> {
    this.#watcher.onShutdown(this)
    this.#fail('shutdown')
  }

  #fail(method: Fault): void {
    if (this.#fault === method) throw new Error(`${method} fails`)
  }
}
