/**
 * Waits for something, but not for ever. Keeps no process alive.
 *
 * @param ms - for how long at most
 * @param value - what is waited for
 * @param late - what comes instead once that time has passed; may throw
 * @returns what came first
 */
export async function within<Value, Instead>(
  ms: number,
  value: Value | PromiseLike<Value>,
  late: () => Instead,
): Promise<Value | Instead> {
  let timer: NodeJS.Timeout | undefined
  const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms).unref()))
  try {
    return await Promise.race([value, passed.then(late)])
  } finally {
    clearTimeout(timer)
  }
}
