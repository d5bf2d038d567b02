import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { VideoFrame } from '../../src/index.ts'
import { bitAt, CAMERA, CORNERS, readPicture } from '../e2e/pages/pictures.js'

export { CAMERA }

/** What a picture of the tests' camera shows; see pages/pictures.js. */
export interface Seen {
  /** Colours of the corners: top left, top right, bottom left, bottom right. */
  readonly corners: readonly (string | undefined)[]
  /** The numbers in its rows, from the top; undefined where there is none to be read. */
  readonly numbers: readonly (number | undefined)[]
}

/** As the camera shows them, and turned upside down. */
export const UPRIGHT = ['red', 'green', 'blue', 'yellow']
export const FLIPPED = ['blue', 'yellow', 'red', 'green']

/** Writes the camera's film, a Y4M file, which Chromium plays again and again; it is gone after `remove()`. */
export async function cameraFilm(): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-camera-'))
  const { width, height, fps, frames } = CAMERA
  const parts: Uint8Array[] = [Buffer.from(`YUV4MPEG2 W${width} H${height} F${fps}:1 Ip A1:1 C420jpeg\n`)]
  for (let index = 0; index < frames; index++) parts.push(Buffer.from('FRAME\n'), testPicture(index))
  const path = join(folder, 'camera.y4m')
  await writeFile(path, Buffer.concat(parts))
  return { path, remove: () => rm(folder, { recursive: true }) }
}

/** The planes of one picture, in `i420`. */
export function testPicture(index: number): Uint8Array {
  const { width, height } = CAMERA
  const data = new Uint8Array((width * height * 3) / 2)
  const chroma = (width * height) / 4
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [luma, u, v] = valueAt(x, y, index)
      data[y * width + x] = luma
      if (x % 2 === 1 || y % 2 === 1) continue
      const at = width * height + (y * width) / 4 + x / 2
      data[at] = u
      data[at + chroma] = v
    }
  }
  return data
}

function valueAt(x: number, y: number, index: number): [luma: number, u: number, v: number] {
  const bit = bitAt(x, y)
  if (bit !== undefined) return [(index >> bit) & 1 ? 230 : 20, 128, 128]
  const corner = CORNERS[(y < CAMERA.height / 2 ? 0 : 2) + (x < CAMERA.width / 2 ? 0 : 1)]
  // A stripe that wanders makes each picture differ from the one before all over.
  const stripe = (x + y + 5 * index) % 64 < 16 ? 12 : 0
  return [(corner?.y ?? 0) + stripe, corner?.u ?? 128, corner?.v ?? 128]
}

/** Reads what a handler got, in `bgr24` or `rgb24`. */
export function readFrame({ data, width, height, format }: VideoFrame): Seen {
  const rgb = format === 'rgb24' ? data : data.map((_, i) => data[i + 2 - 2 * (i % 3)] ?? 0)
  return readPicture(rgb, 3, { width, height })
}

/** The number of a picture that is whole; undefined when a part of it is of another one, or can't be read. */
export function numberOf({ numbers, corners }: Seen): number | undefined {
  const isWhole = new Set(numbers).size === 1 && !corners.includes(undefined)
  return isWhole ? numbers[0] : undefined
}
