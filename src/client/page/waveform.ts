import type { Levels } from '../levels.ts'

/** Pixels of one bar with the gap after it. */
const STEP = 6
const BAR = 3

/** Draws two voices over time, newest at the right: what is sent rises from the middle, what is heard falls from it. */
export class Waveform {
  readonly #canvas: HTMLCanvasElement
  readonly #history: Levels[] = []

  /** @param canvas - sized by the page's style */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
    new ResizeObserver(() => this.#draw()).observe(canvas)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw())
  }

  /**
   * Adds the next moment.
   *
   * @param levels - how loud both sides are
   */
  add(levels: Levels): void {
    this.#history.push(levels)
    if (this.#history.length > 1_000) this.#history.shift()
    this.#draw()
  }

  /** Forgets the call before. */
  clear(): void {
    this.#history.length = 0
    this.#draw()
  }

  #draw(): void {
    const { width, height } = this.#canvas.getBoundingClientRect()
    const context = this.#canvas.getContext('2d')
    if (!context || width === 0) return
    const scale = devicePixelRatio
    this.#canvas.width = Math.round(width * scale)
    this.#canvas.height = Math.round(height * scale)
    context.scale(scale, scale)
    this.#drawSide(context, 'sent', width, height)
    this.#drawSide(context, 'heard', width, height)
  }

  #drawSide(context: CanvasRenderingContext2D, side: keyof Levels, width: number, height: number): void {
    const sign = side === 'sent' ? -1 : 1
    const middle = height / 2
    context.fillStyle = getComputedStyle(this.#canvas).getPropertyValue(`--${side}`)
    for (let index = 0, x = width - BAR; x >= 0; index++, x -= STEP) {
      const level = this.#history.at(-1 - index)?.[side] ?? 0
      // Between the even steps of decibels that a meter shows and the amplitude, where quiet speech would vanish.
      const length = Math.max(2, level ** 1.5 * (middle - 12))
      // Older moments fade, and silence stays a faint line.
      context.globalAlpha = (0.25 + 0.75 * (x / width)) * (level > 0.02 ? 1 : 0.35)
      context.beginPath()
      context.roundRect(x, sign < 0 ? middle - 2 - length : middle + 2, BAR, length, BAR / 2)
      context.fill()
    }
  }
}
