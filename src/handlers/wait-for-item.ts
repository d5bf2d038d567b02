import type { AsyncQueue } from './async-queue.ts'
import { isInHandler } from './context.ts'

/**
 * Waits for an item, but not for long: what an `emit` calls that has to look after other things too.
 *
 * @param queue - where the item comes from
 * @param timeoutSeconds - how long to wait; 0.1 by default
 * @returns the item, or null when none came in time; then none is lost either
 */
export async function waitForItem<T>(queue: AsyncQueue<T>, timeoutSeconds = 0.1): Promise<T | null> {
  if (queue.size > 0) return queue.get()
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
