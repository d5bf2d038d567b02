import type { AudioFrame } from '../frames/audio-frame.ts'
import type { EmitType } from '../frames/emit-type.ts'
import { StreamHandlerBase } from './stream-handler-base.ts'

/**
 * A handler whose methods return at once. They run on the event loop, so what takes longer than a few milliseconds
 * belongs in an {@link AsyncStreamHandler}.
 */
export abstract class StreamHandler extends StreamHandlerBase {
  /**
   * Called with each 20 ms of the client's audio, in order. It begins with the client's first packet and has no holes: when
   * the client sends nothing any more it is silent, and after 2 s of silence it comes ten times 20 ms at a time, until there
   * is a sound.
   *
   * @param frame - the rate is {@link inputSampleRate}, the layout {@link expectedLayout}
   */
  abstract receive(frame: AudioFrame): void

  /**
   * Called again and again while the session lives: after audio arrived, when the output queue has room, and at most
   * every 20 ms while it returns null.
   *
   * @returns audio of any length, outputs, the end of the stream, or null for nothing now
   */
  abstract emit(): EmitType

  abstract override copy(): StreamHandler

  /** Called once, before anything else, when the client has connected. */
  startUp(): void {
    return undefined
  }
}
