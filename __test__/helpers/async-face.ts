import { AsyncAudioVideoStreamHandler, type EmitType, type VideoEmitType } from '../../src/index.ts'

/** Takes audio and pictures, and has none to give. */
export class AsyncFace extends AsyncAudioVideoStreamHandler {
  override async receive(): Promise<void> {}
  override async emit(): Promise<EmitType> {
    return null
  }
  override async videoReceive(): Promise<void> {}
  override async videoEmit(): Promise<VideoEmitType> {
    return null
  }
  override copy(): AsyncFace {
    return new AsyncFace()
  }
}
