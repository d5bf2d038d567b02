import type { VideoFrame } from 'parley-rtc'

/**
 * Makes a mosaic of a picture: each tile has the mean colour of its pixels.
 *
 * @param frame - in a format of three bytes a pixel; not changed
 * @param size - of a tile's sides, in pixels; 1 changes nothing
 * @returns a picture of the same size and format
 */
export function mosaic(frame: VideoFrame<Uint8Array>, size: number): VideoFrame<Uint8Array> {
  const { width, height } = frame
  const data = new Uint8Array(frame.data.length)
  for (let top = 0; top < height; top += size) {
    for (let left = 0; left < width; left += size) {
      const tile = { left, top, right: Math.min(left + size, width), bottom: Math.min(top + size, height) }
      fill(data, width, tile, mean(frame.data, width, tile))
    }
  }
  return { ...frame, data }
}

interface Tile {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

function mean(data: Uint8Array, width: number, { left, top, right, bottom }: Tile): [number, number, number] {
  let [first, second, third] = [0, 0, 0]
  for (let y = top; y < bottom; y++) {
    for (let at = 3 * (y * width + left), end = at + 3 * (right - left); at < end; at += 3) {
      first += data[at] ?? 0
      second += data[at + 1] ?? 0
      third += data[at + 2] ?? 0
    }
  }
  const pixels = (right - left) * (bottom - top)
  return [first / pixels, second / pixels, third / pixels]
}

function fill(data: Uint8Array, width: number, tile: Tile, [first, second, third]: [number, number, number]): void {
  const { left, top, right, bottom } = tile
  for (let y = top; y < bottom; y++) {
    for (let at = 3 * (y * width + left), end = at + 3 * (right - left); at < end; at += 3) {
      data[at] = first
      data[at + 1] = second
      data[at + 2] = third
    }
  }
}
