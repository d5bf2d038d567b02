import type { VideoFrame } from 'parley-rtc'
import { readBoxes } from './boxes.ts'
import type { Box, Tensor } from './boxes.ts'

/** What is used of `onnxruntime-node`; `onnxruntime-web` has the same. */
export interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array): Promise<OnnxSession> }
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Tensor
}

interface OnnxSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  run(inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>
}

/** Finds things in a picture, with a score of so much at least. */
export type Detector = (frame: VideoFrame<Uint8Array>, threshold: number) => Promise<Box[]>

/**
 * Loads a model.
 *
 * @param runtime - runs it
 * @param model - the contents of an ONNX file
 * @param input - width and height of the pictures that the model takes
 * @returns finds things in pictures of any size, in `rgb24`
 */
export async function loadDetector(
  runtime: OnnxRuntime,
  model: Uint8Array,
  input: { width: number; height: number },
): Promise<Detector> {
  const session = await runtime.InferenceSession.create(model)
  const [name = '', result = ''] = [session.inputNames[0], session.outputNames[0]]
  const dims = [1, 3, input.height, input.width]
  return async (frame, threshold) => {
    const outputs = await session.run({ [name]: new runtime.Tensor('float32', planes(frame, input), dims) })
    const output = outputs[result]
    return output ? readBoxes(output, input, threshold) : []
  }
}

/** Scales a picture to the model's size, and puts its colours one after the other, from 0 to 1. */
function planes(frame: VideoFrame<Uint8Array>, { width, height }: { width: number; height: number }): Float32Array {
  const values = new Float32Array(3 * width * height)
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * frame.height) / height) * frame.width
    for (let x = 0; x < width; x++) {
      const from = 3 * (row + Math.floor((x * frame.width) / width))
      for (let colour = 0; colour < 3; colour++) {
        values[(colour * height + y) * width + x] = (frame.data[from + colour] ?? 0) / 255
      }
    }
  }
  return values
}
