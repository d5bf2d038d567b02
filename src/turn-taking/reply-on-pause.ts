import { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import type { Session } from '../session/session.ts'
import type { ReplyContext, ReplyFunction } from './reply-context.ts'
import {
  checkGenerator,
  handlerOptionsOf,
  type ReplyOnPauseOptions,
  resolveTurns,
  type TurnSettings,
} from './turn-settings.ts'

/** What runs a handler that takes turns, as the handler sees it. */
export interface TurnControl {
  /** Runs `startupFn`, if there is one; settles when its arguments have come. */
  greet(): Promise<void> | undefined
  /** Replies at once. */
  trigger(): void
  /** Forgets what was said, and stops the reply. */
  reset(): void
}

/** What runs a handler that takes turns has to know of it. */
export interface TurnParts {
  /** Its options. */
  readonly settings: TurnSettings
  /** The session that it serves. */
  readonly session: Session | undefined
}

// Assigned by the class, the only one that may touch its private fields.
let control: (handler: ReplyOnPause, by: TurnControl) => TurnParts
let bind: (handler: ReplyOnPause, session: Session) => void

/**
 * Listens until the speaker pauses, runs a generator function on what was said, and speaks what it yields. The speaker may
 * interrupt: then the generator is ended, and the client hears silence at once.
 *
 * ```ts
 * new Stream({
 *   handler: new ReplyOnPause(async function* ([sampleRate, audio]) {
 *     yield [sampleRate, audio]
 *   }),
 * })
 * ```
 *
 * The client is told `started_talking`, `pause_detected` and, once a reply, `response_starting`, as messages of the type `log`;
 * the session has the events `speech-start`, `speech-end`, `turn` and `interrupted`. An error of the function is an `error`
 * message, and the next turn works.
 *
 * To extend it, override {@link startUp}, {@link reset} or {@link shutdown}. A subclass whose constructor takes parameters
 * overrides {@link copy} too.
 */
export class ReplyOnPause extends StreamHandlerBase {
  /** What replies. */
  readonly fn: ReplyFunction
  /** The options as they were given. */
  readonly options: Readonly<ReplyOnPauseOptions>
  readonly #settings: TurnSettings
  #session: Session | undefined
  #control: TurnControl | undefined
  #isTriggered = false

  /**
   * @param fn - replies, given what was said and its context
   * @param options - how turns are taken
   * @throws TypeError or RangeError naming the value that can't be used, or the option that doesn't exist
   */
  constructor(
    fn: ReplyFunction<[context: ReplyContext]>,
    options: ReplyOnPauseOptions & { needsContext: true; needsArgs?: false },
  )
  /**
   * @param fn - replies, given what was said
   * @param options - how turns are taken
   * @throws as above
   */
  constructor(fn: ReplyFunction<[]>, options?: ReplyOnPauseOptions & { needsContext?: false; needsArgs?: false })
  /**
   * @param fn - replies, given what was said, then the additional arguments, then the context with `needsContext`
   * @param options - how turns are taken
   * @throws as above
   */
  constructor(fn: ReplyFunction, options: ReplyOnPauseOptions & { needsArgs: true })
  /**
   * @param fn - replies, given what was said; or any that replies, for a subclass that doesn't know which
   * @param options - how turns are taken
   * @throws as above
   */
  constructor(fn: ReplyFunction<[]>, options?: ReplyOnPauseOptions)
  constructor(fn: ReplyFunction, options: ReplyOnPauseOptions = {}) {
    super(handlerOptionsOf(options))
    if (fn === undefined) throw new TypeError('ReplyOnPause needs a generator function that replies; it is undefined')
    this.fn = checkGenerator('fn', fn)
    this.options = options
    this.#settings = resolveTurns(options)
  }

  /**
   * Called once when the client has connected: runs `startupFn`. Listening doesn't wait for it.
   *
   * @returns when `startupFn` has its arguments, if it needs any
   */
  startUp(): void | Promise<void> {
    return this.#control?.greet()
  }

  /**
   * Replies at once to what was said so far; to empty audio when nothing was. A reply that is going on is stopped before. Called
   * before the client has connected, it counts then; after the end it does nothing. It is for the handler of one call, such as
   * `session.handler`: the one that the stream was given answers none.
   */
  triggerResponse(): void {
    if (this.#control === undefined) this.#isTriggered = true
    else this.#control.trigger()
  }

  /**
   * Called after each reply, to be ready for the next turn: forgets that arguments have arrived, so that they are asked for
   * again. Called by you at another time, it also stops the reply, and what was said so far in this turn doesn't count.
   */
  override reset(): void {
    super.reset()
    this.#control?.reset()
  }

  /**
   * Makes the handler of one connection: one of the same class, with the same function and options.
   *
   * @returns a new one
   * @throws TypeError for a subclass whose constructor takes parameters: it has to override this
   */
  copy(): ReplyOnPause {
    const own = this.constructor as new (fn: ReplyFunction, options: ReplyOnPauseOptions) => ReplyOnPause
    if (own === ReplyOnPause || own.length === 0) return new own(this.fn, this.options)
    throw mustOverrideCopy(own.name)
  }

  static {
    control = (handler, by) => {
      handler.#control = by
      if (handler.#isTriggered) by.trigger()
      return {
        settings: handler.#settings,
        get session(): Session | undefined {
          return handler.#session
        },
      }
    }
    bind = (handler, session) => (handler.#session = session)
  }
}

/**
 * A subclass can't be copied by its base.
 *
 * @param name - of the subclass
 * @returns the error to throw
 */
export function mustOverrideCopy(name: string): TypeError {
  return new TypeError(`${name} must override copy(): its constructor has parameters, and only it knows what they are`)
}

/**
 * Ties a handler to what runs it.
 *
 * @param handler - the copy made for a connection
 * @param by - what runs it
 * @returns what that has to know
 */
export function controlTurns(handler: ReplyOnPause, by: TurnControl): TurnParts {
  return control(handler, by)
}

/**
 * Tells a handler which session it serves.
 *
 * @param handler - the copy made for it
 * @param session - which
 */
export function bindTurns(handler: ReplyOnPause, session: Session): void {
  bind(handler, session)
}
