import type { VideoFrame } from 'parley-rtc'

/** Where something is: its edges as parts of the picture's width and height, 0 to 1. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** What a model says: numbers and their dimensions. */
export interface Tensor {
  readonly data: Float32Array
  readonly dims: readonly number[]
}

/**
 * Reads what a model found.
 *
 * @param output - either a map of heat, 1 × 1 × rows × columns; or 1 × N × 6, each left, top, right and bottom in pixels of
 *   the input, score and class, as YOLO models from the tenth on give it
 * @param input - width and height of the model's input, in pixels
 * @param threshold - what a score must be at least, 0 to 1
 * @returns a box for each thing
 * @throws TypeError for an output of another kind: read it here
 */
export function readBoxes(output: Tensor, input: { width: number; height: number }, threshold: number): Box[] {
  const [, channels, rows = 0, columns] = output.dims
  if (output.dims.length === 4 && channels === 1) return blobs(output.data, rows, columns ?? 0, threshold)
  if (output.dims.length === 3 && rows === 6) return rowsOfSix(output.data, input, threshold)
  throw new TypeError(
    `The model gives ${output.dims.join(' × ')} numbers; boxes.ts reads 1 × 1 × rows × columns or 1 × N × 6`,
  )
}

function rowsOfSix(data: Float32Array, { width, height }: { width: number; height: number }, threshold: number): Box[] {
  const boxes: Box[] = []
  for (let at = 0; at + 5 < data.length; at += 6) {
    const [left = 0, top = 0, right = 0, bottom = 0, score = 0] = data.subarray(at, at + 5)
    if (score < threshold) continue
    boxes.push({ left: left / width, top: top / height, right: right / width, bottom: bottom / height })
  }
  return boxes
}

/** A box around each group of hot cells that touch. */
function blobs(heat: Float32Array, rows: number, columns: number, threshold: number): Box[] {
  const isSeen = new Uint8Array(heat.length)
  const boxes: Box[] = []
  for (let start = 0; start < heat.length; start++) {
    const cells = connected(start, columns, (cell) => {
      if (isSeen[cell] === 1 || (heat[cell] ?? 0) < threshold) return false
      return (isSeen[cell] = 1) === 1
    })
    if (cells.length > 0) boxes.push(around(cells, rows, columns))
  }
  return boxes
}

function connected(start: number, columns: number, take: (cell: number) => boolean): number[] {
  const cells: number[] = []
  const next = [start]
  for (let cell = next.pop(); cell !== undefined; cell = next.pop()) {
    if (!take(cell)) continue
    cells.push(cell)
    if (cell % columns > 0) next.push(cell - 1)
    if (cell % columns < columns - 1) next.push(cell + 1)
    next.push(cell - columns, cell + columns)
  }
  return cells
}

function around(cells: readonly number[], rows: number, columns: number): Box {
  const across = cells.map((cell) => cell % columns)
  const down = cells.map((cell) => Math.floor(cell / columns))
  return {
    left: Math.min(...across) / columns,
    top: Math.min(...down) / rows,
    right: (Math.max(...across) + 1) / columns,
    bottom: (Math.max(...down) + 1) / rows,
  }
}

const GREEN = [0, 220, 0]

/**
 * Draws boxes into a picture.
 *
 * @param frame - in `rgb24`; changed
 * @param boxes - where
 */
export function drawBoxes({ data, width, height }: VideoFrame<Uint8Array>, boxes: readonly Box[]): void {
  const pixel = (x: number, y: number): void => data.set(GREEN, 3 * (y * width + x))
  for (const box of boxes) {
    const [left, right] = [box.left, box.right].map((part) => clamp(part * width, width - 1)) as [number, number]
    const [top, bottom] = [box.top, box.bottom].map((part) => clamp(part * height, height - 1)) as [number, number]
    for (const line of [0, 1, 2]) {
      for (let x = left; x <= right; x++) for (const y of [top + line, bottom - line]) pixel(x, clamp(y, height - 1))
      for (let y = top; y <= bottom; y++) for (const x of [left + line, right - line]) pixel(clamp(x, width - 1), y)
    }
  }
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, Math.round(value)))
}
