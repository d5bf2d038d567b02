import {
  ChannelClosedError,
  ChannelFullError,
  MessageTooLargeError,
  NativeError,
  SessionClosedError,
} from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'

/**
 * Turns an error that the addon threw into one of ours, by its code.
 *
 * @param error - what was caught
 * @returns the error to throw instead
 */
export function mapError(error: unknown): Error {
  const { code, message } = error as { code?: unknown; message?: string }
  switch (code) {
    case 'ERR_PARLEY_SESSION_CLOSED':
      return new SessionClosedError()
    case 'ERR_PARLEY_CHANNEL_CLOSED':
      return new ChannelClosedError()
    case 'ERR_PARLEY_CHANNEL_FULL':
      return new ChannelFullError()
    case 'ERR_PARLEY_MESSAGE_TOO_LARGE':
      return new MessageTooLargeError()
    case 'ERR_PARLEY_INVALID_ARGUMENT':
      return new RangeError(message)
    default:
      return new NativeError(message ?? messageOf(error), { cause: error })
  }
}
