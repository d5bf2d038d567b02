// What is needed of Protocol Buffers' wire format (protobuf.dev/programming-guides/encoding) to write a message.

/**
 * @param field - its number
 * @param value - a non-negative integer
 * @returns an integer field
 */
export function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)])
}

/**
 * @param field - its number
 * @param parts - bytes or text, or the fields of a message within the message
 * @returns a field with a length
 */
export function block(field: number, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  return Buffer.concat([Uint8Array.from([...varint((field << 3) | 2), ...varint(content.length)]), content])
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
}
