import { DuplexHandler, type DuplexFunction } from '../driver/duplex-handler.ts'
import { GeneratorHandler, type EmitFunction } from '../driver/generator-handler.ts'
import { InvalidCopyError } from '../errors.ts'
import { describe } from '../frames/describe.ts'
import { messageOf } from '../frames/thrown.ts'
import { AsyncAudioVideoStreamHandler } from '../handlers/async-audio-video-stream-handler.ts'
import { AsyncStreamHandler } from '../handlers/async-stream-handler.ts'
import { AudioVideoStreamHandler } from '../handlers/audio-video-stream-handler.ts'
import { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { StreamHandler } from '../handlers/stream-handler.ts'
import type { Session } from '../session/session.ts'
import { bindTurns, ReplyOnPause } from '../turn-taking/reply-on-pause.ts'
import { RemoteHandler } from '../workers/remote-handler.ts'
import { WorkerHandler } from '../workers/worker-handler.ts'
import type { Handler, Modality, Mode } from './stream-options.ts'

/** A handler that runs on the thread of whoever has it. */
export type LocalHandler = Exclude<Handler, WorkerHandler>

/**
 * What kinds of media a handler is for, when the options don't say it.
 *
 * @param handler - as a user gave it
 * @returns what its class says; `'video'` for a function
 */
export function modalityOf(handler: unknown): Modality {
  if (handler instanceof AudioVideoStreamHandler || handler instanceof AsyncAudioVideoStreamHandler)
    return 'audio-video'
  return handler instanceof StreamHandlerBase || handler instanceof WorkerHandler ? 'audio' : 'video'
}

/**
 * Refuses a handler that doesn't fit a stream.
 *
 * @param handler - as a user gave it
 * @param modality - of the stream
 * @param mode - of the stream
 * @throws TypeError that says what fits
 */
export function checkHandler(handler: unknown, modality: Modality, mode: Mode): asserts handler is Handler {
  if (handler instanceof WorkerHandler) return refuseVideo(handler, modality)
  if (!(handler instanceof StreamHandlerBase) && typeof handler !== 'function') {
    throw new TypeError(`The option handler must be a handler or a function, not ${describe(handler)}`)
  }
  if (typeof handler === 'function' && handler.prototype instanceof StreamHandlerBase) {
    throw new TypeError(`The option handler must be an instance: write new ${handler.name}(), not ${handler.name}`)
  }
  refuseVideo(handler, modality)
  if (handler instanceof StreamHandlerBase) checkClassHandler(handler, mode)
  else checkFunction(handler, mode)
}

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

/** Makes the handlers of a stream on this thread. */
export class HandlerSource implements HandlerMaker {
  readonly #handler: LocalHandler
  readonly #mode: Mode
  readonly #waitsForArgs: boolean
  readonly #made = new WeakSet<StreamHandlerBase>()

  /**
   * @param handler - as a user gave it, checked
   * @param mode - of the stream
   * @param hasInputs - whether the page shows inputs, which a generator function then waits for
   */
  constructor(handler: LocalHandler, mode: Mode, hasInputs: boolean) {
    this.#handler = handler
    this.#mode = mode
    this.#waitsForArgs = hasInputs || (typeof handler === 'function' && handler.length > 0)
  }

  /**
   * The handler of one connection.
   *
   * @returns a copy that serves no other
   * @throws InvalidCopyError when `copy()` fails
   */
  make(): StreamHandlerBase {
    if (typeof this.#handler === 'function') return this.#wrap(this.#handler)
    const copy = this.#copy(this.#handler)
    if (!(copy instanceof StreamHandler) && !(copy instanceof AsyncStreamHandler) && !(copy instanceof ReplyOnPause)) {
      throw new InvalidCopyError(`copy() returned ${describe(copy)}, which is no handler; it must return a new one`)
    }
    if (copy === this.#handler || this.#made.has(copy)) {
      throw new InvalidCopyError(
        'copy() returned a handler that exists already; it must return a new one, for each connection has its own',
      )
    }
    checkCopy(copy)
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

  #wrap(fn: DuplexFunction<Session> | EmitFunction): StreamHandlerBase {
    if (this.#mode === 'receive') return new GeneratorHandler(fn as EmitFunction, this.#waitsForArgs)
    return new DuplexHandler(fn as DuplexFunction<Session>)
  }
}

/** A copy may differ from the handler that it was made of, which alone was checked at construction. */
function checkCopy(copy: StreamHandlerBase): void {
  try {
    checkClassHandler(copy, 'send-receive')
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

function refuseVideo(handler: unknown, modality: Modality): void {
  if (modality === 'audio') return
  const what =
    typeof handler === 'function' ? "a function is taken for video unless modality is 'audio'" : 'only audio is'
  throw new TypeError(
    `The modality '${modality}' is not supported yet: ${what}. Give modality: 'audio' and an audio handler`,
  )
}

function checkClassHandler(handler: StreamHandlerBase, mode: Mode): void {
  if (modalityOf(handler) !== 'audio') {
    throw new TypeError(
      "The handler is one of audio and video, and the stream's modality is 'audio': extend StreamHandler or AsyncStreamHandler",
    )
  }
  if (mode === 'receive') {
    throw new TypeError("In mode 'receive' the option handler must be a generator function: nothing is received there")
  }
  checkMethods(handler)
  for (const name of ['inputSampleRate', 'outputSampleRate'] as const) {
    if (handler[name] >= 8000 && handler[name] <= 192_000) continue
    throw new RangeError(`The handler's ${name} must be from 8,000 to 192,000 Hz, not ${handler[name]}`)
  }
}

/** TypeScript asks for them; in JavaScript nothing does before the first call. */
function checkMethods(handler: StreamHandlerBase): void {
  const methods = handler as { receive?: unknown; emit?: unknown; copy?: unknown }
  const names = handler instanceof ReplyOnPause ? (['copy'] as const) : (['receive', 'emit', 'copy'] as const)
  for (const name of names) {
    if (typeof methods[name] === 'function') continue
    throw new TypeError(
      `The handler must have the methods receive, emit and copy; ${name} is ${describe(methods[name])}`,
    )
  }
}

/** What a function returns can only be seen when it is called; what kind of function it is can be seen now. */
function checkFunction(fn: object, mode: Mode): void {
  const kind = Object.prototype.toString.call(fn).slice(8, -1)
  if (kind === 'AsyncFunction') {
    throw new TypeError('The option handler must be an async generator function: write async function*, and yield')
  }
  if (mode !== 'receive' && kind === 'GeneratorFunction') {
    throw new TypeError(
      `In mode '${mode}' the option handler must be an async generator function: write async function*`,
    )
  }
}
