// Taken before a test replaces it by a fake one.
const { setTimeout: later } = globalThis

/** How long a generator that awaits something of its own may take to notice its end, in ms. */
const PATIENCE_MS = 500

/**
 * Ends a generator, so that its `finally` runs. One that waits for its caller does that now, and is waited for. One that
 * awaits something of its own notices when that settles, if ever: it is waited for half a second, and then left to it.
 *
 * @param generator - what to end; none when it never began
 * @param isBusy - whether it awaits something of its own
 * @throws what the generator throws meanwhile
 */
export async function endGenerator(
  generator: Iterator<unknown> | AsyncIterator<unknown> | undefined,
  isBusy: boolean,
): Promise<void> {
  const ended = Promise.resolve(generator?.return?.())
  await (isBusy ? Promise.race([ended, patience()]) : ended)
}

function patience(): Promise<void> {
  return new Promise((resolve) => void later(resolve, PATIENCE_MS).unref())
}
