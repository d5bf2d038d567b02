import { CloseStream } from 'parley-rtc'
import type { VideoEmitType } from 'parley-rtc'

const WIDTH = 640
const HEIGHT = 360
const RADIUS = 40
const FPS = 30

/** Nightfall: blue above, red below. Each picture begins as a copy of it. */
const SKY = Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, index) => {
  const down = Math.floor(index / (3 * WIDTH)) / HEIGHT
  return [40 + 180 * down ** 2, 40 + 60 * down, 120 - 60 * down][index % 3] ?? 0
})

/**
 * A sun that bounces at the edges of the picture, and good-bye.
 *
 * @param seconds - how long
 * @returns pictures, drawn one by one, as they are sent
 */
export function* film(seconds: number): Generator<VideoEmitType> {
  for (let index = 0; index < seconds * FPS; index++) {
    const data = SKY.slice()
    drawSun(data, bounce(index * 5, WIDTH), bounce(index * 3, HEIGHT))
    yield { width: WIDTH, height: HEIGHT, format: 'rgb24', data, timestamp: index / FPS }
  }
  yield new CloseStream('The end')
}

/** There and back between the edges. */
function bounce(way: number, length: number): number {
  const room = length - 2 * RADIUS
  return RADIUS + Math.abs(((way + room) % (2 * room)) - room)
}

function drawSun(data: Uint8Array, x: number, y: number): void {
  for (let row = -RADIUS; row < RADIUS; row++) {
    const half = Math.floor(Math.sqrt(RADIUS ** 2 - row ** 2))
    for (let column = -half; column < half; column++) {
      data.set([255, 214, 90], 3 * ((Math.floor(y) + row) * WIDTH + Math.floor(x) + column))
    }
  }
}
