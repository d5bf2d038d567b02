import { ReplyOnPause } from '../turn-taking/reply-on-pause.ts'
import { TurnDriver } from '../turn-taking/turn-driver.ts'
import { AsyncStreamHandler } from '../handlers/async-stream-handler.ts'
import { StreamHandler } from '../handlers/stream-handler.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { VideoStreamHandler } from '../handlers/video-stream-handler.ts'
import { AsyncDriver } from './async-driver.ts'
import { AudioVideoGeneratorHandler } from './audio-video-generator-handler.ts'
import type { DriverParts } from './driver.ts'
import { DuplexHandler } from './duplex-handler.ts'
import { GeneratorHandler } from './generator-handler.ts'
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
  if (isFunction(handler)) return driverOf({ ...parts, who: 'The handler function' })
  return driverOf(parts)
}

/** What a user wrote as one function has no methods that an error could name. */
function isFunction(handler: StreamHandlerBase): boolean {
  const ofAudio = handler instanceof DuplexHandler || handler instanceof GeneratorHandler
  const ofVideo = handler instanceof VideoStreamHandler || handler instanceof VideoGeneratorHandler
  return ofAudio || ofVideo || handler instanceof AudioVideoGeneratorHandler
}

function driverOf(parts: DriverParts): Runner {
  const { handler } = parts
  if (handler instanceof ReplyOnPause) return new TurnDriver({ ...parts, handler, who: 'The reply function' })
  if (handler instanceof AsyncStreamHandler) return new AsyncDriver({ ...parts, handler })
  if (handler instanceof StreamHandler) return new SyncDriver({ ...parts, handler })
  if (handler instanceof VideoStreamHandler || handler instanceof VideoGeneratorHandler) return new VideoDriver(parts)
  throw new TypeError(
    'A handler must extend StreamHandler, AsyncStreamHandler or ReplyOnPause, or be a VideoStreamHandler',
  )
}
