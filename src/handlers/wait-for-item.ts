import { describe } from '../frames/describe.ts'
import type { AsyncQueue } from './async-queue.ts'
import { isInHandler } from './context.ts'

/**
 * Waits for an item, but not for long: what an `emit` calls that has to look after other things too.
 *
 * @param queue - where the item comes from
 * @param timeoutSeconds - how long to wait; 0.1 by default, `Infinity` to wait for ever
 * @returns the item, or null when none came in time; then none is lost either
 * @throws TypeError or RangeError for a queue or a time that is none
 */
export async function waitForItem<T>(queue: AsyncQueue<T>, timeoutSeconds = 0.1): Promise<T | null> {
  checkQueue(queue)
  checkTimeout(timeoutSeconds)
  if (queue.size > 0 || timeoutSeconds === Infinity) return queue.get()
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), timeoutSeconds * 1000)
  // A session keeps no process alive, and neither does a handler that waits in it, again and again.
  if (isInHandler()) timer.unref()
  try {
    return await queue.get({ signal: abort.signal })
  } catch (error) {
    if (abort.signal.aborted) return null
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function checkQueue(queue: unknown): void {
  if (queue instanceof Object && 'get' in queue && typeof queue.get === 'function') return
  throw new TypeError(`waitForItem takes an AsyncQueue, not ${describe(queue)}`)
}

/** Timers count milliseconds in 31 bits. */
function checkTimeout(seconds: unknown): void {
  const wanted = 'timeoutSeconds must be a number from 0 to 2,147,483, or Infinity to wait for ever'
  if (typeof seconds !== 'number') throw new TypeError(`${wanted}, not ${describe(seconds)}`)
  if (seconds === Infinity || (seconds >= 0 && seconds <= 2_147_483)) return
  throw new RangeError(`${wanted}, not ${describe(seconds)}`)
}
