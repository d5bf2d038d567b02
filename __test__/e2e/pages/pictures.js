// What the tests' camera shows, and what can be read of it: shared by the test that draws it and the pages that see it.

/** A picture whose corners tell which way up it is, and that counts. */
export const CAMERA = { width: 320, height: 240, fps: 20, frames: 64 }

/** Brightness, blue and red difference of each corner: BT.601. */
export const CORNERS = [
  { name: 'red', y: 90, u: 100, v: 210 },
  { name: 'green', y: 120, u: 70, v: 70 },
  { name: 'blue', y: 70, u: 210, v: 110 },
  { name: 'yellow', y: 180, u: 50, v: 150 },
]

/** The number of a picture is drawn in so many black or white squares of this size. */
const BITS = 6
const SQUARE = 24

/** Tops of the rows: the same number is in each, so that a picture made of parts of two is found. Each mirrors another. */
const ROWS = [12, 72, 144, 204]
const LEFT = (CAMERA.width - BITS * SQUARE) / 2

/** @returns {number | undefined} which bit of the number is drawn at a place */
export function bitAt(x, y) {
  const isDrawn = x >= LEFT && x < LEFT + BITS * SQUARE && ROWS.some((top) => y >= top && y < top + SQUARE)
  return isDrawn ? Math.floor((x - LEFT) / SQUARE) : undefined
}

/**
 * Reads a picture of the camera, or what became of it.
 *
 * @param {ArrayLike<number>} pixels - red, green and blue, and whatever else `step` says, of each pixel
 * @param {3 | 4} step - values of a pixel
 * @param {{ width: number, height: number }} size - of the picture, if it isn't the camera's
 * @returns {{ corners: (string | undefined)[], numbers: (number | undefined)[] }} colours of the corners, top left, top
 *   right, bottom left, bottom right; and the numbers in its rows, from the top; undefined where nothing can be read
 */
export function readPicture(pixels, step, { width, height } = CAMERA) {
  const scale = { x: width / CAMERA.width, y: height / CAMERA.height }
  const colour = (x, y) => mean(pixels, step, width, x * scale.x, y * scale.y)
  const places = [40, 280].flatMap((x) => [50, 190].map((y) => [x, y])).sort(([, a], [, b]) => a - b)
  const numbers = ROWS.map((top) => {
    const bits = Array.from({ length: BITS }, (_, bit) => bitOf(colour(LEFT + (bit + 0.5) * SQUARE, top + SQUARE / 2)))
    return bits.includes(undefined) ? undefined : bits.reduce((sum, bit, i) => sum + (bit << i), 0)
  })
  return { corners: places.map(([x, y]) => nameOf(colour(x, y))), numbers }
}

/**
 * Looks at what a video shows, picture by picture.
 *
 * @param {HTMLVideoElement} video - plays
 * @param {number} count - so many pictures
 * @returns {Promise<ReturnType<typeof readPicture>[]>} what was in each
 */
export async function watch(video, count) {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const seen = []
  while (seen.length < count) {
    // oxlint-disable-next-line no-await-in-loop -- one picture after the other
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve))
    const size = { width: (canvas.width = video.videoWidth), height: (canvas.height = video.videoHeight) }
    context.drawImage(video, 0, 0)
    seen.push(readPicture(context.getImageData(0, 0, size.width, size.height).data, 4, size))
  }
  return seen
}

/** Of the 8 × 8 pixels around a place. */
function mean(pixels, step, width, x, y) {
  const sums = [0, 0, 0]
  for (let row = -4; row < 4; row++) {
    for (let column = -4; column < 4; column++) {
      const at = step * ((Math.floor(y) + row) * width + Math.floor(x) + column)
      sums.forEach((sum, i) => (sums[i] = sum + pixels[at + i]))
    }
  }
  return sums.map((sum) => sum / 64)
}

function bitOf(colour) {
  const brightness = colour.reduce((sum, value) => sum + value, 0) / 3
  if (brightness > 170) return 1
  return brightness < 85 ? 0 : undefined
}

function nameOf([red, green, blue]) {
  const least = 40
  if (red > green + least && red > blue + least) return 'red'
  if (blue > red + least && blue > green + least) return 'blue'
  if (green > red + least && green > blue + least) return 'green'
  return red > blue + least && green > blue + least ? 'yellow' : undefined
}
