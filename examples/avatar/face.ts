import type { VideoFrame } from 'parley-rtc'

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number]

const WIDTH = 320
const HEIGHT = 240
const BACKGROUND: Colour = [24, 34, 40]
const DARK: Colour = [30, 20, 24]
const WHITE: Colour = [250, 250, 245]

/**
 * Draws a face.
 *
 * @param mouth - how far its mouth is open, 0 to 1
 * @param skin - its colour
 * @param timestamp - of the picture, in seconds; the face blinks now and then
 * @returns a picture
 */
export function drawFace(mouth: number, skin: Colour, timestamp: number): VideoFrame<Uint8Array> {
  const data = new Uint8Array(3 * WIDTH * HEIGHT)
  const openness = timestamp % 4 < 0.15 ? 2 : 14
  ellipse(data, WIDTH / 2, HEIGHT / 2, WIDTH, HEIGHT, BACKGROUND)
  ellipse(data, 160, 120, 90, 105, skin)
  for (const x of [125, 195]) {
    ellipse(data, x, 95, 18, openness, WHITE)
    ellipse(data, x, 95, 7, Math.min(7, openness), DARK)
  }
  ellipse(data, 160, 170, 38, 3 + 30 * mouth, DARK)
  return { width: WIDTH, height: HEIGHT, format: 'rgb24', data, timestamp }
}

function ellipse(data: Uint8Array, x: number, y: number, across: number, down: number, colour: Colour): void {
  const [top, bottom] = [Math.max(0, Math.ceil(y - down)), Math.min(HEIGHT, y + down)]
  for (let row = top; row < bottom; row++) {
    const half = across * Math.sqrt(1 - ((row - y) / down) ** 2)
    const [left, right] = [Math.max(0, Math.ceil(x - half)), Math.min(WIDTH, x + half)]
    for (let column = left; column < right; column++) data.set(colour, 3 * (row * WIDTH + column))
  }
}
