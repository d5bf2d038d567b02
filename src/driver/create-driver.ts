import { AsyncStreamHandler } from '../handlers/async-stream-handler.ts'
import { StreamHandler } from '../handlers/stream-handler.ts'
import { AsyncDriver } from './async-driver.ts'
import type { Driver, DriverParts } from './driver.ts'
import { SyncDriver } from './sync-driver.ts'

/**
 * The driver for a handler.
 *
 * @param parts - what is run, and for whom
 * @returns a driver that has not started
 * @throws TypeError for a handler of neither kind
 */
export function createDriver(parts: DriverParts): Driver {
  const { handler } = parts
  if (handler instanceof AsyncStreamHandler) return new AsyncDriver({ ...parts, handler })
  if (handler instanceof StreamHandler) return new SyncDriver({ ...parts, handler })
  throw new TypeError('A handler must extend StreamHandler or AsyncStreamHandler')
}
