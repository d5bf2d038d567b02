import type { VideoFrame } from '../../src/index.ts'

/** Turns a picture upside down, as a user's function would. */
export function flip(frame: VideoFrame<Uint8Array>): VideoFrame<Uint8Array> {
  const { width, height, data } = frame
  const row = data.length / height
  const flipped = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) flipped.set(data.subarray(y * row, (y + 1) * row), (height - 1 - y) * row)
  return { ...frame, width, height, data: flipped }
}
