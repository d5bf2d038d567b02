import { threadId } from 'node:worker_threads'
import { AdditionalOutputs, type VideoEmitType, type VideoFrame } from '../../../src/index.ts'

/** Shows the negative, and tells once a picture which thread made it. */
export default function filter(frame: VideoFrame<Uint8Array>): VideoEmitType {
  return [{ ...frame, data: frame.data.map((value) => 255 - value) }, new AdditionalOutputs(threadId)]
}
