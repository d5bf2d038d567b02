import { orAborted } from './abortable.ts'

/** How far ahead is read. */
export interface Room<Item> {
  /** Reading goes on while what waits weighs less. */
  readonly room: number
  /** What an item weighs. */
  weigh(item: Item): number
}

/**
 * Reads a source ahead of whoever takes its items, as far as there is room, in order. An error of the source comes after
 * the items before it.
 *
 * @param source - read from the first item asked for on; it must end when the signal is aborted
 * @param limits - how far ahead
 * @param signal - ends both; whoever stops early has to abort it
 * @returns the source's items
 * @throws the signal's reason once it is aborted, and what the source throws
 */
export async function* readAhead<Item>(
  source: AsyncIterable<Item>,
  limits: Room<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item, void, void> {
  const ahead = new Ahead<Item>(limits)
  const reading = ahead.read(source, signal)
  // It is awaited below, unless the signal ends the waiting: then its error is the signal's reason again.
  reading.catch(() => undefined)
  for (;;) {
    await orAborted(ahead.hasItem(), signal)
    const item = ahead.take()
    if (item === undefined) return reading
    yield item.value
  }
}

/** What was read and waits to be taken. */
class Ahead<Item> {
  readonly #limits: Room<Item>
  readonly #items: { readonly value: Item; readonly weight: number }[] = []
  #weight = 0
  #isOver = false
  #wake: (() => void) | undefined

  constructor(limits: Room<Item>) {
    this.#limits = limits
  }

  async read(source: AsyncIterable<Item>, signal: AbortSignal): Promise<void> {
    try {
      for await (const value of source) {
        this.#put(value)
        while (this.#weight >= this.#limits.room) await orAborted(this.#change(), signal)
      }
    } finally {
      this.#isOver = true
      this.#wake?.()
    }
  }

  async hasItem(): Promise<void> {
    while (this.#items.length === 0 && !this.#isOver) await this.#change()
  }

  take(): { readonly value: Item } | undefined {
    const item = this.#items.shift()
    this.#weight -= item?.weight ?? 0
    this.#wake?.()
    return item
  }

  #put(value: Item): void {
    const weight = this.#limits.weigh(value)
    this.#items.push({ value, weight })
    this.#weight += weight
    this.#wake?.()
  }

  /** At most one side waits at a time: the reader when it is full, the taker when it is empty. */
  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }
}
