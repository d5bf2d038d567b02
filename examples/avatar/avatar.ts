import { AudioVideoStreamHandler } from 'parley-rtc'
import type { AudioFrame, EmitType, VideoEmitType, VideoFrame } from 'parley-rtc'
import { drawFace } from './face.ts'
import type { Colour } from './face.ts'

const FPS = 25

/** Says back what it hears; its mouth moves with what it says, and its skin takes the colour that your camera sees. */
export class Avatar extends AudioVideoStreamHandler {
  readonly #unsaid: AudioFrame[] = []
  #mouth = 0
  #skin: Colour = [230, 180, 150]
  #pictures = 0
  readonly #startedAt = performance.now()

  constructor() {
    super({ inputSampleRate: 24_000, outputSampleRate: 24_000, videoFormat: 'rgb24', fps: FPS })
  }

  override receive(frame: AudioFrame): void {
    this.#unsaid.push(frame)
  }

  override emit(): EmitType {
    const frame = this.#unsaid.shift()
    if (frame) this.#mouth = opening(frame[1])
    return frame
  }

  override videoReceive({ data }: VideoFrame): void {
    // A pixel in a thousand says as much, and costs nothing.
    const sums = [0, 0, 0]
    for (let at = 0; at + 2 < data.length; at += 3000) sums.forEach((sum, i) => (sums[i] = sum + (data[at + i] ?? 0)))
    const pixels = Math.ceil(data.length / 3000)
    // Halfway to a colour of skin, so that it can be told from its eyes.
    this.#skin = [(sums[0] ?? 0) / pixels / 2 + 115, (sums[1] ?? 0) / pixels / 2 + 90, (sums[2] ?? 0) / pixels / 2 + 75]
  }

  override videoEmit(): VideoEmitType {
    const seconds = (performance.now() - this.#startedAt) / 1000
    if (seconds * FPS < this.#pictures) return null
    this.#pictures = Math.floor(seconds * FPS) + 1
    return drawFace(this.#mouth, this.#skin, seconds)
  }

  override copy(): Avatar {
    return new Avatar()
  }
}

/** How far a mouth is open for a sound: nothing at -46 dBFS and below, all of it at -6. */
function opening(samples: Int16Array): number {
  const power = samples.reduce((sum, sample) => sum + (sample / 32_768) ** 2, 0) / samples.length
  return Math.min(1, Math.max(0, (10 * Math.log10(power || 1e-9) + 46) / 40))
}
