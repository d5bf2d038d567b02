/** First byte of a whole message (RFC 6455, section 5.2): text, or binary. */
const TEXT = 0x81
const BINARY = 0x82
/** The longest payloads whose lengths the second byte, or two bytes behind it, can tell. */
const SHORT = 125
const MEDIUM = 65_535

/**
 * Frames a text message as a server sends it (RFC 6455): whole, not masked and not compressed, so that it leaves in one write.
 *
 * @param text - the message
 * @returns what goes over the connection
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const frame = emptyFrame(TEXT, length)
  frame.write(text, frame.length - length, length === text.length ? 'latin1' : 'utf8')
  return frame
}

/**
 * Frames a binary message in the same way.
 *
 * @param data - the message; it is copied
 * @returns what goes over the connection
 */
export function binaryFrame(data: Uint8Array): Buffer {
  const frame = emptyFrame(BINARY, data.length)
  frame.set(data, frame.length - data.length)
  return frame
}

/** A frame whose last so many bytes are to be filled. */
function emptyFrame(first: number, length: number): Buffer {
  const head = length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = first
  if (length <= SHORT) {
    frame[1] = length
  } else if (length <= MEDIUM) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  return frame
}
