import { AsyncLocalStorage } from 'node:async_hooks'
import { describe } from '../frames/describe.ts'
import type { HandlerSocket } from './handler-socket.ts'
import type { TelephoneCall } from './telephone-call.ts'

/** Which connection the running code serves. */
export interface Context {
  /** The id that the client chose for its connection. */
  readonly webrtcId: string
  /** The socket, when the connection is a page's or a phone provider's WebSocket. */
  readonly websocket?: HandlerSocket
  /** The telephone call, when the connection is one. */
  readonly call?: TelephoneCall
}

/** A context together with the way to warn its client; made by whatever runs a handler. */
export interface HandlerContext extends Context {
  /** Shows a text to the client. */
  warn(message: string): void
}

// The one piece of state at module level: Node's own way to follow a call through its awaits.
const storage = new AsyncLocalStorage<HandlerContext>()

/**
 * Runs a function in a context. Everything that it awaits stays in it.
 *
 * @param context - what {@link getCurrentContext} returns inside
 * @param fn - what to run
 * @returns what it returns
 */
export function runInContext<T>(context: HandlerContext, fn: () => T): T {
  return storage.run(context, fn)
}

/**
 * The connection that the running code serves: called in a handler, or in what a handler called or awaits.
 *
 * @returns its id, and its socket when it is a WebSocket
 * @throws Error when no handler is running
 */
export function getCurrentContext(): Context {
  const context = storage.getStore()
  if (context === undefined)
    throw new Error('getCurrentContext() works inside a handler only: no connection is being served here')
  return context
}

/** @returns whether a handler is running */
export function isInHandler(): boolean {
  return storage.getStore() !== undefined
}

/**
 * Shows a warning to the client of the handler that is running, with a `warning` message. Outside a handler, it goes to
 * `process.emitWarning`.
 *
 * @param message - for a person
 * @throws TypeError for what is no text
 */
export function warning(message: string): void {
  if (typeof message !== 'string') throw new TypeError(`A warning must be a string, not ${describe(message)}`)
  const context = storage.getStore()
  if (context === undefined) process.emitWarning(message)
  else context.warn(message)
}
