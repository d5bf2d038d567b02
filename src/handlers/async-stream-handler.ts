import type { AudioFrame } from '../frames/audio-frame.ts'
import type { EmitType } from '../frames/emit-type.ts'
import { StreamHandlerBase } from './stream-handler-base.ts'

/** A handler whose methods may wait. `receive` and `emit` run side by side: `emit` may await what `receive` provides. */
export abstract class AsyncStreamHandler extends StreamHandlerBase {
  /**
   * Called with each 20 ms of the client's audio, in order, the next one when this one has settled. Frames that arrive
   * meanwhile wait, up to 5 s of them unless configured. They begin with the client's first packet and have no holes: when it
   * sends nothing any more they are silent, and after 2 s of silence they come ten at a time, until there is a sound.
   *
   * @param frame - the rate is {@link inputSampleRate}, the layout {@link expectedLayout}
   */
  abstract receive(frame: AudioFrame): Promise<void>

  /**
   * Called again whenever it has settled and the output queue has room. One that returns null at once is called at most
   * every 20 ms, and when audio arrived.
   *
   * @returns audio of any length, outputs, the end of the stream, or null for nothing now
   */
  abstract emit(): Promise<EmitType>

  abstract override copy(): AsyncStreamHandler

  /**
   * Called once when the client has connected. `receive` and `emit` don't wait for it, so it may hold a conversation with
   * a service for as long as the session lives.
   */
  startUp(): Promise<void> {
    return Promise.resolve()
  }
}
