// A model that finds what is red, written by hand: one convolution, whose every output says how much redder than its other
// colours a square of 16 by 16 pixels is. Field numbers: onnx.proto of ONNX 1.8 and later.
import { block, integer } from './protobuf.ts'

const CELL = 16
const FLOAT = 1
const INTS = 7
/** Added for each pixel of the square: red, less half of green and half of blue. */
const WEIGHTS = [1, -0.5, -0.5].map((weight) => weight / CELL ** 2)

/**
 * @returns an ONNX model: `image`, 1 × 3 × height × width, red, green and blue from 0 to 1; to `heat`, 1 × 1 × height / 16 ×
 * width / 16, from -1 to 1
 */
export function redModel(): Uint8Array {
  const graph = [
    block(1, convolution()),
    block(2, 'red'),
    block(5, weights()),
    block(11, tensor('image', ['1', '3', 'height', 'width'])),
    block(12, tensor('heat', ['1', '1', 'rows', 'columns'])),
  ]
  const operators = block(8, block(1, ''), integer(2, 13))
  return Buffer.concat([integer(1, 8), block(7, ...graph), operators])
}

/** NodeProto: inputs, outputs, operator and attributes. */
function convolution(): Uint8Array {
  return Buffer.concat([
    block(1, 'image'),
    block(1, 'weights'),
    block(2, 'heat'),
    block(4, 'Conv'),
    pair('kernel_shape'),
    pair('strides'),
  ])
}

/** AttributeProto: a name and two integers. */
function pair(name: string): Uint8Array {
  return block(5, block(1, name), integer(8, CELL), integer(8, CELL), integer(20, INTS))
}

/** TensorProto: dimensions, type, name and little-endian numbers. */
function weights(): Uint8Array {
  const values = Float32Array.from({ length: 3 * CELL ** 2 }, (_, index) => WEIGHTS[Math.floor(index / CELL ** 2)] ?? 0)
  const dimensions = [1, 3, CELL, CELL].map((size) => integer(1, size))
  return Buffer.concat([...dimensions, integer(2, FLOAT), block(8, 'weights'), block(9, new Uint8Array(values.buffer))])
}

/** ValueInfoProto: a name, and the type's element and shape; a dimension is a number, or has a name when any size will do. */
function tensor(name: string, shape: readonly string[]): Uint8Array {
  const dimensions = shape.map((size) => block(1, /^\d+$/.test(size) ? integer(1, Number(size)) : block(2, size)))
  return Buffer.concat([block(1, name), block(2, block(1, integer(1, FLOAT), block(2, ...dimensions)))])
}
