// The handler of HANDLER=video in bench/server.mjs: it turns each picture upside down.
//
//   FORMAT=bgr24|rgb24|rgba|i420   what it asks for (default bgr24, as handlers get by default)
//   REUSE=1                        all pictures in one array (reuseData)
import { VideoStreamHandler } from 'parley-rtc'

const format = process.env.FORMAT ?? 'bgr24'
const reuseData = process.env.REUSE === '1'

/** Flips top to bottom, in JavaScript and in place: the picture that a handler gets is its own. */
export function videoFlip() {
  return new VideoStreamHandler(format === 'i420' ? flipPlanes : flipRows, { videoFormat: format, reuseData })
}

function flipRows(frame) {
  flipPlane(frame.data, 0, frame.height, frame.data.length / frame.height)
  return frame
}

function flipPlanes(frame) {
  const { width, height, data } = frame
  const [across, down] = [(width + 1) >> 1, (height + 1) >> 1]
  flipPlane(data, 0, height, width)
  flipPlane(data, width * height, down, across)
  flipPlane(data, width * height + across * down, down, across)
  return frame
}

/** One plane, from a place on, of so many rows. */
function flipPlane(data, start, rows, row) {
  const kept = new Uint8Array(row)
  for (let upper = start, lower = start + (rows - 1) * row; upper < lower; upper += row, lower -= row) {
    kept.set(data.subarray(upper, upper + row))
    data.copyWithin(upper, lower, lower + row)
    data.set(kept, lower)
  }
}
