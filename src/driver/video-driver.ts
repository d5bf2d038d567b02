import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { Driver } from './driver.ts'

/** Runs a handler of video alone: its loops are those that {@link Driver} has beside the ones of audio. */
export class VideoDriver extends Driver<StreamHandlerBase> {
  override onAudio(): void {
    return undefined
  }

  override onRoom(): void {
    return undefined
  }

  protected override run(): void {
    return undefined
  }

  protected override stop(): void {
    return undefined
  }
}
