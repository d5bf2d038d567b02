import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until no other test process does the same, for what would disturb itself, such as a browser that measures time.
 * A socket of Linux's abstract namespace is the token: its end is the process's end at the latest, and no file stays.
 *
 * @returns gives the turn away
 */
export async function takeTurn(name: string): Promise<() => void> {
  for (;;) {
    const release = await tryTurn(name)
    if (release) return release
    await sleep(100)
  }
}

function tryTurn(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const token = createServer()
    token.once('error', () => resolve(undefined))
    token.listen(`\0parley-test-${name}`, () => resolve(() => void token.close()))
    token.unref()
  })
}
