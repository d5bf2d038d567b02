import {
  ChannelClosedError,
  InvalidCopyError,
  InvalidEmitError,
  ParleyError,
  SessionClosedError,
  WebRTCError,
  WorkerLoadError,
} from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'

/** Errors of a chain of causes that cross, for a chain may be a circle. */
const MAX_CHAIN = 5

/** An error as it crosses between threads: structured clone keeps neither its class nor its code. */
export interface WireError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: string | undefined
  readonly cause: WireError | undefined
}

/**
 * Makes something that was thrown ready to cross. Never throws.
 *
 * @param thrown - anything
 * @returns texts only
 */
export function packError(thrown: unknown, chain = 1): WireError {
  const nothing = { name: 'Error', message: messageOf(thrown), stack: undefined, code: undefined, cause: undefined }
  try {
    if (!(thrown instanceof Error)) return nothing
    const { name, stack, code, cause } = thrown as Partial<Record<keyof WireError, unknown>>
    return {
      ...nothing,
      name: textOr('Error', name),
      stack: textOr(undefined, stack),
      code: textOr(undefined, code),
      cause: cause === undefined || chain === MAX_CHAIN ? undefined : packError(cause, chain + 1),
    }
  } catch {
    // A getter may throw.
    return nothing
  }
}

/**
 * The error on the other side.
 *
 * @param wire - what {@link packError} made
 * @returns one of the same class if it is one that Parley throws there, with the stack of where it was thrown
 */
export function unpackError(wire: WireError): Error {
  const error = make(wire, wire.cause === undefined ? {} : { cause: unpackError(wire.cause) })
  if (wire.stack !== undefined) error.stack = wire.stack
  return error
}

function textOr<Other>(other: Other, value: unknown): string | Other {
  return typeof value === 'string' ? value : other
}

function make({ name, message, code }: WireError, options: ErrorOptions): Error {
  switch (code) {
    case 'ERR_PARLEY_WEBRTC':
      return new WebRTCError(message, options)
    case 'ERR_PARLEY_INVALID_EMIT':
      return new InvalidEmitError(message)
    case 'ERR_PARLEY_INVALID_COPY':
      return new InvalidCopyError(message, options)
    case 'ERR_PARLEY_CHANNEL_CLOSED':
      return new ChannelClosedError(message)
    case 'ERR_PARLEY_SESSION_CLOSED':
      return new SessionClosedError(message)
    case 'ERR_PARLEY_WORKER_LOAD':
      return new WorkerLoadError(message, options)
    default:
      if (code?.startsWith('ERR_PARLEY_') === true) return new ParleyError(code, message, options)
      return Object.assign(new Error(message, options), { name }, code === undefined ? {} : { code })
  }
}
