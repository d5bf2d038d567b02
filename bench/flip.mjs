// The handler of HANDLER=video in bench/server.mjs: it turns each picture upside down.
//
//   FORMAT=bgr24|rgb24|rgba|i420   what it asks for (default bgr24, as handlers get by default)
import { VideoStreamHandler } from 'parley-rtc'

const format = process.env.FORMAT ?? 'bgr24'

/** Flips top to bottom, in JavaScript. */
export function videoFlip() {
  return new VideoStreamHandler(format === 'i420' ? flipPlanes : flipRows, { videoFormat: format })
}

function flipRows(frame) {
  const data = new Uint8Array(frame.data.length)
  flipInto(data, frame.data, 0, frame.height, frame.data.length / frame.height)
  return { ...frame, data }
}

function flipPlanes(frame) {
  const { width, height } = frame
  const data = new Uint8Array(frame.data.length)
  const [across, down] = [(width + 1) >> 1, (height + 1) >> 1]
  flipInto(data, frame.data, 0, height, width)
  flipInto(data, frame.data, width * height, down, across)
  flipInto(data, frame.data, width * height + across * down, down, across)
  return { ...frame, data }
}

/** One plane, from a place on, of so many rows. */
function flipInto(data, from, start, rows, row) {
  for (let y = 0; y < rows; y++) {
    data.set(from.subarray(start + y * row, start + (y + 1) * row), start + (rows - 1 - y) * row)
  }
}
