import { ReplyOnPause } from '../turn-taking/reply-on-pause.ts'
import { TurnDriver } from '../turn-taking/turn-driver.ts'
import { AsyncStreamHandler } from '../handlers/async-stream-handler.ts'
import { StreamHandler } from '../handlers/stream-handler.ts'
import { VideoStreamHandler } from '../handlers/video-stream-handler.ts'
import { AsyncDriver } from './async-driver.ts'
import type { DriverParts } from './driver.ts'
import { type Runner, SelfRunHandler } from './runner.ts'
import { SyncDriver } from './sync-driver.ts'
import { VideoDriver } from './video-driver.ts'
import { VideoGeneratorHandler } from './video-generator-handler.ts'

/**
 * What runs a handler.
 *
 * @param parts - what is run, and for whom
 * @returns a runner that has not started
 * @throws TypeError for a handler of no kind
 */
export function createDriver(parts: DriverParts): Runner {
  const { handler } = parts
  if (handler instanceof SelfRunHandler) return handler.run(parts)
  if (handler instanceof ReplyOnPause) return new TurnDriver({ ...parts, handler })
  if (handler instanceof AsyncStreamHandler) return new AsyncDriver({ ...parts, handler })
  if (handler instanceof StreamHandler) return new SyncDriver({ ...parts, handler })
  if (handler instanceof VideoStreamHandler || handler instanceof VideoGeneratorHandler) return new VideoDriver(parts)
  throw new TypeError(
    'A handler must extend StreamHandler, AsyncStreamHandler or ReplyOnPause, or be a VideoStreamHandler',
  )
}
