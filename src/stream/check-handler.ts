import { describe } from '../frames/describe.ts'
import { AsyncAudioVideoStreamHandler } from '../handlers/async-audio-video-stream-handler.ts'
import { AudioVideoStreamHandler } from '../handlers/audio-video-stream-handler.ts'
import { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { VideoStreamHandler } from '../handlers/video-stream-handler.ts'
import { ReplyOnPause } from '../turn-taking/reply-on-pause.ts'
import { WorkerHandler } from '../workers/worker-handler.ts'
import type { Handler, Modality, Mode } from './stream-options.ts'

/** What to give a stream whose client is heard and seen. */
const FITTING: Record<Modality, string> = {
  audio: 'extend StreamHandler or AsyncStreamHandler, or give a duplex function',
  video: 'give a function (frame, ...args) => frame, or new VideoStreamHandler of one',
  'audio-video': 'extend AudioVideoStreamHandler or AsyncAudioVideoStreamHandler',
}

/**
 * What kinds of media a handler is for, when the options don't say it.
 *
 * @param handler - as a user gave it
 * @returns what its class says; `'video'` for a function, `'audio'` for one on worker threads
 */
export function modalityOf(handler: unknown): Modality {
  if (handler instanceof AudioVideoStreamHandler || handler instanceof AsyncAudioVideoStreamHandler)
    return 'audio-video'
  if (handler instanceof VideoStreamHandler) return 'video'
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
  if (handler instanceof WorkerHandler) return
  if (!(handler instanceof StreamHandlerBase) && typeof handler !== 'function') {
    throw new TypeError(`The option handler must be a handler or a function, not ${describe(handler)}`)
  }
  if (typeof handler === 'function' && handler.prototype instanceof StreamHandlerBase) {
    throw new TypeError(`The option handler must be an instance: write new ${handler.name}(), not ${handler.name}`)
  }
  if (handler instanceof StreamHandlerBase) checkClassHandler(handler, modality, mode)
  else checkFunction(handler, modality, mode)
}

/**
 * Refuses a handler of a class that doesn't fit a stream.
 *
 * @param handler - as a user gave it, or its `copy()`
 * @param modality - of the stream
 * @param mode - of the stream
 * @throws TypeError that says what fits, or what it lacks; RangeError naming a sample rate that can't be
 */
export function checkClassHandler(handler: StreamHandlerBase, modality: Modality, mode: Mode): void {
  const kind = modalityOf(handler)
  if (kind !== modality) {
    throw new TypeError(
      `The handler is one of ${inWords(kind)}, and the stream's modality is '${modality}': ${FITTING[modality]}`,
    )
  }
  if (mode === 'receive' && kind !== 'audio-video') {
    throw new TypeError("In mode 'receive' the option handler must be a generator function: nothing is received there")
  }
  checkMethods(handler, kind)
  if (kind === 'video') return
  for (const name of ['inputSampleRate', 'outputSampleRate'] as const) {
    if (handler[name] >= 8000 && handler[name] <= 192_000) continue
    throw new RangeError(`The handler's ${name} must be from 8,000 to 192,000 Hz, not ${handler[name]}`)
  }
}

/** TypeScript asks for them; in JavaScript nothing does before the first call. */
function checkMethods(handler: StreamHandlerBase, kind: Modality): void {
  const methods = handler as unknown as Record<string, unknown>
  const names = methodsOf(handler, kind)
  const missing = names.find((name) => typeof methods[name] !== 'function')
  if (missing === undefined) return checkOptional(methods)
  const all =
    names.length === 1
      ? `the method ${missing}; it`
      : `the methods ${names.slice(0, -1).join(', ')} and ${names.at(-1)}; ${missing}`
  throw new TypeError(`The handler must have ${all} is ${describe(methods[missing])}`)
}

/** What a handler needn't have, but may have made something else of. */
function checkOptional(methods: Record<string, unknown>): void {
  const wrong = ['startUp', 'shutdown'].find((name) => !['undefined', 'function'].includes(typeof methods[name]))
  if (wrong === undefined) return
  throw new TypeError(`The handler's ${wrong} must be a method; it is ${describe(methods[wrong])}`)
}

function methodsOf(handler: StreamHandlerBase, kind: Modality): readonly string[] {
  if (handler instanceof ReplyOnPause || kind === 'video') return ['copy']
  const audio = ['receive', 'emit']
  return kind === 'audio' ? [...audio, 'copy'] : [...audio, 'videoReceive', 'videoEmit', 'copy']
}

/** What a function returns can only be seen when it is called; what kind of function it is can be seen now. */
function checkFunction(fn: object, modality: Modality, mode: Mode): void {
  const kind = Object.prototype.toString.call(fn).slice(8, -1)
  if (mode === 'receive') {
    if (kind !== 'AsyncFunction') return
    throw new TypeError(
      "In mode 'receive' the option handler must be a generator function: write async function*, and yield",
    )
  }
  if (modality === 'audio-video') {
    throw new TypeError(
      `A function serves the modality 'audio-video' in mode 'receive' only, and the mode is '${mode}': ${FITTING[modality]}`,
    )
  }
  if (modality === 'audio') checkDuplex(kind, mode)
  else checkVideoFunction(kind, mode)
}

function checkDuplex(kind: string, mode: Mode): void {
  if (kind === 'AsyncFunction') {
    throw new TypeError('The option handler must be an async generator function: write async function*, and yield')
  }
  if (kind !== 'GeneratorFunction') return
  throw new TypeError(`In mode '${mode}' the option handler must be an async generator function: write async function*`)
}

function checkVideoFunction(kind: string, mode: Mode): void {
  if (kind !== 'GeneratorFunction' && kind !== 'AsyncGeneratorFunction') return
  throw new TypeError(
    `In mode '${mode}' a generator function doesn't serve the modality 'video', which a function is taken for unless it is ` +
      "given: give modality: 'audio' for a duplex function, mode: 'receive' for a generator of pictures, or a function " +
      '(frame, ...args) => frame',
  )
}

function inWords(modality: Modality): string {
  return modality === 'audio-video' ? 'audio and video' : modality
}
