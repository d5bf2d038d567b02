import { AsyncQueue, AsyncStreamHandler, type AudioFrame, type EmitType } from 'parley-rtc'

/** Says what it hears. */
export class Echo extends AsyncStreamHandler {
  readonly #frames = new AsyncQueue<AudioFrame>()
  override async receive(frame: AudioFrame): Promise<void> {
    this.#frames.put(frame)
  }
  override emit(): Promise<EmitType> {
    return this.#frames.get()
  }
  override copy(): Echo {
    return new Echo()
  }
}
