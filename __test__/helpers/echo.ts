import { AsyncQueue, AsyncStreamHandler, waitForItem } from '../../src/index.ts'
import type { AudioFrame, EmitType } from '../../src/index.ts'

/** Says what it hears, at once. */
export class Echo extends AsyncStreamHandler {
  readonly #frames = new AsyncQueue<AudioFrame>()

  override async receive(frame: AudioFrame): Promise<void> {
    this.#frames.put(frame)
  }

  override emit(): Promise<EmitType> {
    return waitForItem(this.#frames)
  }

  override copy(): Echo {
    return new Echo()
  }
}
