import { checkResult } from '../driver/check-result.ts'

/**
 * Waits for a promise, but no longer than until a signal is aborted.
 *
 * @param promise - what is waited for; an error of it that nobody waits for any more goes nowhere
 * @param signal - ends the waiting; without one this is the promise itself
 * @returns what the promise gives
 * @throws the signal's reason once it is aborted, and what the promise rejects with
 */
export async function orAborted<Value>(promise: PromiseLike<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise
  const listener: { abort?: () => void } = {}
  const aborted = new Promise<never>((_resolve, reject) => {
    // The reason is the caller's own, and a signal passes on whatever that is.
    listener.abort = () => reject(signal.reason as Error)
    if (signal.aborted) listener.abort()
    else signal.addEventListener('abort', listener.abort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (listener.abort !== undefined) signal.removeEventListener('abort', listener.abort)
  }
}

/**
 * An iteration that ends at once when a signal is aborted, even while its source is waited for. The source is told to end
 * then, and isn't waited for: it may never answer.
 *
 * @param source - what is iterated
 * @param signal - ends it
 * @returns the source's items
 * @throws the signal's reason once it is aborted, and what the source throws
 */
export async function* abortable<Item>(
  source: Iterable<Item> | AsyncIterable<Item>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item, void, void> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let isOver = false
  try {
    for (;;) {
      signal?.throwIfAborted()
      const next = (async () => iterator.next())()
      const result = await orAborted(next, signal).catch(overUnless(signal, () => (isOver = true)))
      isOver = checkResult(result, 'an iterable of text or audio').done === true
      if (result.done === true) return
      yield result.value
    }
  } finally {
    if (!isOver) await end(iterator, signal)
  }
}

/** An iterator that threw is over, and must not be ended once more. */
function overUnless(signal: AbortSignal | undefined, over: () => void): (error: unknown) => never {
  return (error) => {
    if (signal?.aborted !== true) over()
    throw error
  }
}

async function end(iterator: Iterator<unknown> | AsyncIterator<unknown>, signal?: AbortSignal): Promise<void> {
  const ended = (async () => iterator.return?.())()
  if (signal?.aborted !== true) return void (await ended)
  // Whoever aborted has gone, and with them all who could be told.
  ended.catch(() => undefined)
}
