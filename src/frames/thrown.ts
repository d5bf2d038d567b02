import { WebRTCError } from '../errors.ts'

/** Characters of one message or stack; what is longer is cut. */
const MAX_CHARS = 10_000
/** Errors of a chain of causes that are shown, for a chain may be a circle. */
const MAX_CHAIN = 5

/**
 * The message of something that user code threw. Never throws itself, whatever that is.
 *
 * @param thrown - anything
 * @returns an error's message, or its name if that is empty; else the value as text; 10,000 characters at most
 */
export function messageOf(thrown: unknown): string {
  return textOf(() => {
    if (!(thrown instanceof Error)) return thrown
    return thrown.message === '' ? thrown.name : thrown.message
  })
}

/**
 * Something that user code threw, for the log: with its stack, and the stacks of its causes. Never throws itself.
 *
 * @param thrown - anything
 * @returns one or more lines, of the first five errors in the chain of causes
 */
export function describeThrown(thrown: unknown): string {
  return causesOf(thrown).map(stackOf).join('\ncaused by ')
}

/**
 * What a client is told of an error of user code. Never throws.
 *
 * @param thrown - anything
 * @returns the same if it is a WebRTCError, else one with its message, and the error as its cause
 */
export function toWebRTCError(thrown: unknown): WebRTCError {
  try {
    if (thrown instanceof WebRTCError) return thrown
  } catch {
    // A proxy may refuse even this question.
  }
  return new WebRTCError(messageOf(thrown), { cause: thrown })
}

function causesOf(thrown: unknown): unknown[] {
  const chain = [thrown]
  try {
    for (let last = thrown; last instanceof Error && last.cause !== undefined && chain.length < MAX_CHAIN;) {
      last = last.cause
      if (chain.includes(last)) break
      chain.push(last)
    }
  } catch {
    // A cause that can't be read ends the chain.
  }
  return chain
}

function stackOf(thrown: unknown): string {
  return textOf(() => (thrown instanceof Error ? (thrown.stack ?? `${thrown.name}: ${thrown.message}`) : thrown))
}

/** An object without a prototype has no text, and a getter may throw. */
function textOf(read: () => unknown): string {
  try {
    const text = String(read())
    return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text
  } catch {
    return 'something that has no text was thrown'
  }
}
