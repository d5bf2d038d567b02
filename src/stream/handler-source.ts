import { AudioVideoGeneratorHandler, type AudioVideoEmitFunction } from '../driver/audio-video-generator-handler.ts'
import { DuplexHandler, type DuplexFunction } from '../driver/duplex-handler.ts'
import { GeneratorHandler, type EmitFunction } from '../driver/generator-handler.ts'
import { VideoGeneratorHandler, type VideoEmitFunction } from '../driver/video-generator-handler.ts'
import { InvalidCopyError } from '../errors.ts'
import { describe } from '../frames/describe.ts'
import { messageOf } from '../frames/thrown.ts'
import { AsyncStreamHandler } from '../handlers/async-stream-handler.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { StreamHandler } from '../handlers/stream-handler.ts'
import { requireInputs, type VideoFunction, VideoStreamHandler } from '../handlers/video-stream-handler.ts'
import type { Session } from '../session/session.ts'
import { bindTurns, ReplyOnPause } from '../turn-taking/reply-on-pause.ts'
import { RemoteHandler } from '../workers/remote-handler.ts'
import type { WorkerHandler } from '../workers/worker-handler.ts'
import { checkClassHandler } from './check-handler.ts'
import type { Handler, Modality, Mode } from './stream-options.ts'

/** A handler that runs on the thread of whoever has it. */
export type LocalHandler = Exclude<Handler, WorkerHandler>

/** Makes the handler of each connection of a stream. */
export interface HandlerMaker {
  /** Does what has to be done before the first is made, undefined when that is done; a failure may be tried again. */
  prepare?(): Promise<void> | undefined
  /**
   * The handler of one connection.
   *
   * @returns one that serves no other
   */
  make(): StreamHandlerBase
  /** Lets go of what it holds, after all of its handlers have shut down. */
  close?(): Promise<void>
}

/** What a handler is made for. */
export interface HandlerPurpose {
  /** What kinds of media its stream carries. */
  readonly modality: Modality
  /** Which way they go. */
  readonly mode: Mode
  /** Whether the page shows inputs, which a function then waits for. */
  readonly hasInputs: boolean
  /** The most pictures a second that a generator function gives. */
  readonly fps: number
}

/** Makes the handlers of a stream on this thread. */
export class HandlerSource implements HandlerMaker {
  readonly #handler: LocalHandler
  readonly #purpose: HandlerPurpose
  readonly #waitsForArgs: boolean
  readonly #made = new WeakSet<StreamHandlerBase>()

  /**
   * @param handler - as a user gave it, checked
   * @param purpose - of the stream
   */
  constructor(handler: LocalHandler, purpose: HandlerPurpose) {
    this.#handler = handler
    this.#purpose = purpose
    this.#waitsForArgs = purpose.hasInputs || (typeof handler === 'function' && handler.length > 0)
  }

  /**
   * The handler of one connection.
   *
   * @returns a copy that serves no other
   * @throws InvalidCopyError when `copy()` fails
   */
  make(): StreamHandlerBase {
    const handler = typeof this.#handler === 'function' ? this.#wrap(this.#handler) : this.#makeCopy(this.#handler)
    if (handler instanceof VideoStreamHandler && this.#purpose.hasInputs) requireInputs(handler)
    return handler
  }

  #makeCopy(handler: StreamHandlerBase): StreamHandlerBase {
    const copy = this.#copy(handler)
    if (!isHandler(copy)) {
      throw new InvalidCopyError(`copy() returned ${describe(copy)}, which is no handler; it must return a new one`)
    }
    if (copy === handler || this.#made.has(copy)) {
      throw new InvalidCopyError(
        'copy() returned a handler that exists already; it must return a new one, for each connection has its own',
      )
    }
    checkCopy(copy, this.#purpose)
    this.#made.add(copy)
    return copy
  }

  #copy(handler: StreamHandlerBase): unknown {
    try {
      return handler.copy()
    } catch (cause) {
      throw new InvalidCopyError(`copy() failed: ${messageOf(cause)}`, { cause })
    }
  }

  #wrap(fn: HandlerFunction): StreamHandlerBase {
    const { modality, mode, fps } = this.#purpose
    const waits = this.#waitsForArgs
    if (mode !== 'receive') {
      return modality === 'audio'
        ? new DuplexHandler(fn as DuplexFunction<Session>)
        : new VideoStreamHandler(fn as VideoFunction)
    }
    if (modality === 'audio') return new GeneratorHandler(fn as EmitFunction, waits)
    if (modality === 'video') return new VideoGeneratorHandler(fn as VideoEmitFunction, waits, fps)
    return new AudioVideoGeneratorHandler(fn as AudioVideoEmitFunction, waits, fps)
  }
}

type HandlerFunction = Exclude<LocalHandler, StreamHandlerBase>

function isHandler(value: unknown): value is StreamHandlerBase {
  const classes = [StreamHandler, AsyncStreamHandler, ReplyOnPause, VideoStreamHandler]
  return classes.some((each) => value instanceof each)
}

/** A copy may differ from the handler that it was made of, which alone was checked at construction. */
function checkCopy(copy: StreamHandlerBase, { modality, mode }: HandlerPurpose): void {
  try {
    checkClassHandler(copy, modality, mode)
  } catch (cause) {
    throw new InvalidCopyError(`copy() returned a handler that can't be used: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Tells a handler which session it serves, if it asks.
 *
 * @param handler - of the session
 * @param session - the second argument of a duplex function
 */
export function bindSession(handler: StreamHandlerBase, session: Session): void {
  if (handler instanceof DuplexHandler || handler instanceof RemoteHandler) handler.bind(session)
  if (handler instanceof ReplyOnPause) bindTurns(handler, session)
}
