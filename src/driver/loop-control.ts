/** How a loop acts on its driver. */
export interface LoopControl {
  /** Whether the handler may be called. */
  isRunning(): boolean
  /** Runs a function so that `getCurrentContext` works in it. */
  inContext(fn: () => void): void
  /** The handler has ended its stream. */
  halt(): void
  /** The handler threw, or a promise of its rejected. */
  fail(error: unknown): void
}
