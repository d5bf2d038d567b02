import type { ExecutionContext } from 'ava'
import type { StreamBaseOptions } from '../../src/stream/stream-options.ts'
import { StreamBase } from '../../src/stream/stream-base.ts'
import { Log } from './call.ts'
import { Echo } from './echo.ts'

/** A stream without a server, an echo unless told otherwise, that ends with its test and logs where the test can see it. */
export function quietStream(
  t: ExecutionContext,
  options: Partial<StreamBaseOptions> = {},
): { stream: StreamBase; log: Log } {
  const log = new Log()
  const defaults = { handler: new Echo(), logger: log, media: { bindAddress: '127.0.0.1' } }
  const stream = new StreamBase({ ...defaults, ...options } as StreamBaseOptions)
  // Sessions keep no process alive, but a test that waits for one does.
  const alive = setInterval(() => undefined, 1000)
  t.teardown(async () => {
    clearInterval(alive)
    await stream.close()
  })
  return { stream, log }
}
