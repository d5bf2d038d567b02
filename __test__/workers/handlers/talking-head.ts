import { AudioVideoStreamHandler, type EmitType, type VideoEmitType } from '../../../src/index.ts'

/** Says nothing, and shows a grey picture. */
export default class TalkingHead extends AudioVideoStreamHandler {
  override receive(): void {}
  override emit(): EmitType {
    return null
  }
  override videoReceive(): void {}
  override videoEmit(): VideoEmitType {
    return { width: 64, height: 48, format: 'rgb24', data: new Uint8Array(64 * 48 * 3).fill(128) }
  }
  override copy(): TalkingHead {
    return new TalkingHead()
  }
}
