import { describe } from '../frames/describe.ts'
import type { HandlerOptions } from '../handlers/handler-options.ts'
import { checkBoolean, checkObject, wrongType } from '../stream/checks.ts'
import { type AlgoOptions, resolveAlgo, type TurnPreset } from './algo-options.ts'
import { checkRange } from './check-range.ts'
import type { PauseDetectionModel } from './pause-detection-model.ts'
import type { InterruptionDetector, StartupFunction, TurnDetector } from './reply-context.ts'
import { resolveSileroOptions, type SileroVadOptions } from './silero-options.ts'
import { SileroVad } from './silero-vad.ts'

/** How `ReplyOnPause` takes turns. Everything is optional. */
export interface ReplyOnPauseOptions extends HandlerOptions {
  /** Run once when the client has connected: its audio is spoken first. It gets what `fn` gets behind the audio. */
  startupFn?: StartupFunction
  /** When the speaker has started, and when a turn is over. */
  algoOptions?: AlgoOptions
  /** Values of `algoOptions` that belong together, used where those say nothing; `'default'` by default. */
  preset?: TurnPreset
  /** Of the built-in model; or whatever a `model` of your own wants. */
  modelOptions?: SileroVadOptions | Readonly<Record<string, unknown>>
  /** Finds speech, block by block; by default the built-in Silero model listens on the media thread, frame by frame. */
  model?: PauseDetectionModel
  /** Whether the speaker may interrupt a reply; true by default. If not, what is said over a reply is ignored. */
  canInterrupt?: boolean
  /** Whether `fn` gets the additional arguments; false by default. They are asked for before each reply. */
  needsArgs?: boolean
  /** Whether `fn` gets a `ReplyContext` as its last argument; false by default. */
  needsContext?: boolean
  /** Asked at each pause whether the turn is over; by default it is. */
  turnDetector?: TurnDetector
  /** From this probability on the turn is over; 0.5 by default, 0 to 1. */
  turnThreshold?: number
  /** How many seconds more a pause may last that is none for the turn detector; 3 by default, 0 to 8. Then the turn is over. */
  maxPauseS?: number
  /** Asked whether speech over a reply is an interruption, so that "mhm" needn't be one; by default it is. */
  interruptionDetector?: InterruptionDetector
  /** Whether the echo of a reply, from the client's loudspeaker, is told from the speaker; true by default. */
  echoGuard?: boolean
  /** Whether the session tells the probability of speech of each 32 ms, as `vad` events; false by default. */
  vadEvents?: boolean
}

/** {@link ReplyOnPauseOptions}, checked and completed. */
export interface TurnSettings {
  /** Run once. */
  readonly startupFn: StartupFunction | undefined
  /** When a speaker has started, and when a turn is over. */
  readonly algo: Required<AlgoOptions>
  /** How the built-in model listens. */
  readonly silero: Required<SileroVadOptions>
  /** A model of the user's. */
  readonly model: PauseDetectionModel | undefined
  /** What it is called with. */
  readonly modelOptions: unknown
  /** Whether the speaker may interrupt. */
  readonly canInterrupt: boolean
  /** Whether `fn` gets arguments. */
  readonly needsArgs: boolean
  /** Whether `fn` gets a context. */
  readonly needsContext: boolean
  /** Asked at a pause. */
  readonly turnDetector: TurnDetector | undefined
  /** What it must say. */
  readonly turnThreshold: number
  /** Seconds. */
  readonly maxPauseS: number
  /** Asked at speech over a reply. */
  readonly interruptionDetector: InterruptionDetector | undefined
  /** Whether echo is told from speech. */
  readonly echoGuard: boolean
  /** Whether probabilities are told. */
  readonly vadEvents: boolean
}

const HANDLER_NAMES = ['expectedLayout', 'outputSampleRate', 'outputFrameSize', 'inputSampleRate', 'fps'] as const
const NAMES = [
  'startupFn',
  'algoOptions',
  'preset',
  'modelOptions',
  'model',
  'canInterrupt',
  'needsArgs',
  'needsContext',
  'turnDetector',
  'turnThreshold',
  'maxPauseS',
  'interruptionDetector',
  'echoGuard',
  'vadEvents',
]

/**
 * The part of the options that every handler has.
 *
 * @param options - as a user gave them
 * @returns those that were given
 * @throws TypeError when they are no object
 */
export function handlerOptionsOf(options: ReplyOnPauseOptions): HandlerOptions {
  checkObject('', options)
  return Object.fromEntries(
    HANDLER_NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  )
}

/**
 * Checks the options of a handler that takes turns.
 *
 * @param options - as a user gave them
 * @returns the same with defaults filled in
 * @throws TypeError or RangeError naming the value that can't be used
 */
export function resolveTurns(options: ReplyOnPauseOptions): TurnSettings {
  checkObject('', options, [...NAMES, ...HANDLER_NAMES])
  const model = checkModel(options.model)
  refuseIdle(options, model)
  model?.checkOptions?.(options.modelOptions)
  const { canInterrupt = true, needsArgs = false, needsContext = false, echoGuard = true, vadEvents = false } = options
  return {
    algo: resolveAlgo(options.algoOptions, options.preset),
    silero: resolveSileroOptions('modelOptions', model === undefined ? options.modelOptions : {}),
    model,
    modelOptions: options.modelOptions,
    canInterrupt: checkBoolean('canInterrupt', canInterrupt),
    needsArgs: checkBoolean('needsArgs', needsArgs),
    needsContext: checkBoolean('needsContext', needsContext),
    turnThreshold: checkRange('turnThreshold', options.turnThreshold ?? 0.5, [0, 1]),
    maxPauseS: checkRange('maxPauseS', options.maxPauseS ?? 3, [0, 8]),
    echoGuard: checkBoolean('echoGuard', echoGuard),
    vadEvents: checkBoolean('vadEvents', vadEvents),
    startupFn: checkGenerator('startupFn', options.startupFn),
    turnDetector: checkFunction('turnDetector', options.turnDetector),
    interruptionDetector: checkFunction('interruptionDetector', options.interruptionDetector),
  }
}

/**
 * A generator function. What it returns can only be seen when it is called; an async function that yields nothing is seen now.
 *
 * @param name - the option's
 * @param value - as a user gave it
 * @returns the same
 * @throws TypeError naming the value
 */
export function checkGenerator<Fn>(name: string, value: Fn): Fn {
  if (value === undefined) return value
  if (typeof value !== 'function') throw wrongType(name, 'a generator function', value)
  if (Object.prototype.toString.call(value) !== '[object AsyncFunction]') return value
  throw new TypeError(
    `The option ${name} must be a generator function, not ${describe(value)}: write async function*, and yield`,
  )
}

function checkFunction<Fn>(name: string, value: Fn): Fn {
  if (value === undefined || typeof value === 'function') return value
  throw wrongType(name, 'a function', value)
}

/** The built-in model is none of the user's: it listens in the engine, which is sooner and cheaper than block by block. */
function checkModel(model: PauseDetectionModel | undefined): PauseDetectionModel | undefined {
  const methods = Object(model) as Partial<Record<keyof PauseDetectionModel, unknown>>
  if (model === undefined || methods.constructor === SileroVad) return undefined
  const missing = (['vad', 'warmup'] as const).find((name) => typeof methods[name] !== 'function')
  if (missing === undefined) return model
  throw new TypeError(
    `The option model must have the methods vad and warmup (see PauseDetectionModel); ${missing} is ${describe(methods[missing])}`,
  )
}

/** An option that nothing would come of is a mistake. */
function refuseIdle(options: ReplyOnPauseOptions, model: PauseDetectionModel | undefined): void {
  const { turnDetector, turnThreshold, maxPauseS, interruptionDetector, canInterrupt, echoGuard, vadEvents } = options
  if (turnDetector === undefined) {
    const idle = turnThreshold !== undefined ? 'turnThreshold' : maxPauseS !== undefined ? 'maxPauseS' : undefined
    if (idle !== undefined) throw new TypeError(`The option ${idle} needs a turnDetector, which is undefined`)
  }
  if (interruptionDetector !== undefined && canInterrupt === false) {
    throw new TypeError(
      'The option interruptionDetector is never asked with canInterrupt: false; leave one of them out',
    )
  }
  if (model === undefined || (echoGuard !== true && vadEvents !== true)) return
  const idle = echoGuard === true ? 'echoGuard' : 'vadEvents'
  throw new TypeError(`The option ${idle} is for the built-in model, and the option model is another one`)
}
