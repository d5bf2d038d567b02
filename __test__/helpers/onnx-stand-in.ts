// Runs ONNX models in place of onnxruntime-node, which has 200 MB: those of one convolution without padding whose windows
// don't overlap, as the object-detection example makes one. It reads the file as ONNX's onnx.proto says.
import type { OnnxRuntime } from '../../examples/object-detection/detector.ts'

type Field = { number: number; value: number; bytes: Uint8Array }

/** The fields of a message of Protocol Buffers. */
function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const key = varint()
    const value = varint()
    const isBlock = (key & 7) === 2
    found.push({ number: key >> 3, value, bytes: bytes.subarray(at, isBlock ? at + value : at) })
    if (isBlock) at += value
  }
  return found
}

function all(message: Uint8Array, number: number): Field[] {
  return fields(message).filter((field) => field.number === number)
}

function one(message: Uint8Array, number: number): Uint8Array {
  const [field] = all(message, number)
  if (!field) throw new Error(`The model has no field ${number} where one is needed`)
  return field.bytes
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

function readModel(model: Uint8Array): { input: string; output: string; weights: Float32Array; shape: number[] } {
  const graph = one(model, 7)
  const node = one(graph, 1)
  if (text(one(node, 4)) !== 'Conv') throw new Error('This stand-in knows convolutions only')
  const initializer = one(graph, 5)
  const raw = one(initializer, 9).slice()
  return {
    input: text(one(one(graph, 11), 1)),
    output: text(one(one(graph, 12), 1)),
    weights: new Float32Array(raw.buffer),
    shape: all(initializer, 1).map(({ value }) => value),
  }
}

class Tensor {
  readonly data: Float32Array
  readonly dims: readonly number[]
  constructor(_type: 'float32', data: Float32Array, dims: readonly number[]) {
    this.data = data
    this.dims = dims
  }
}

function convolve(image: Tensor, weights: Float32Array, [, channels = 0, size = 1]: readonly number[]): Tensor {
  const [, , height = 0, width = 0] = image.dims
  const [rows, columns] = [Math.floor(height / size), Math.floor(width / size)]
  const heat = new Float32Array(rows * columns)
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < rows * size; y++) {
      for (let x = 0; x < columns * size; x++) {
        const cell = Math.floor(y / size) * columns + Math.floor(x / size)
        const weight = weights[(channel * size + (y % size)) * size + (x % size)] ?? 0
        heat[cell] = (heat[cell] ?? 0) + weight * (image.data[(channel * height + y) * width + x] ?? 0)
      }
    }
  }
  return new Tensor('float32', heat, [1, 1, rows, columns])
}

const runtime: OnnxRuntime = {
  Tensor,
  InferenceSession: {
    async create(model) {
      const { input, output, weights, shape } = readModel(model)
      return {
        inputNames: [input],
        outputNames: [output],
        async run(inputs) {
          const image = inputs[input]
          if (!image) throw new Error(`The model's input ${input} is missing`)
          return { [output]: convolve(image, weights, shape) }
        },
      }
    },
  },
}

export const InferenceSession: OnnxRuntime['InferenceSession'] = runtime.InferenceSession
export { Tensor }
