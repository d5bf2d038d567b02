import { AudioVideoStreamHandler } from '../../src/index.ts'
import type { AudioFrame, EmitType, VideoEmitType, VideoFrame } from '../../src/index.ts'

/** Gives back what it hears and sees. */
export class AudioVideoEcho extends AudioVideoStreamHandler {
  readonly #sound: AudioFrame[] = []
  #picture: VideoFrame | null = null

  override receive(frame: AudioFrame): void {
    this.#sound.push(frame)
  }

  override emit(): EmitType {
    return this.#sound.shift()
  }

  override videoReceive(frame: VideoFrame): void {
    this.#picture = frame
  }

  override videoEmit(): VideoEmitType {
    const picture = this.#picture
    this.#picture = null
    return picture
  }

  override copy(): AudioVideoEcho {
    return new AudioVideoEcho({ outputSampleRate: 48_000, inputSampleRate: 48_000 })
  }
}
