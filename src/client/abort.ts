/**
 * Waits for something, unless a signal is aborted before.
 *
 * @param promise - what is waited for
 * @param signal - ends the wait
 * @returns what the promise gives
 * @throws the signal's reason
 */
export function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
