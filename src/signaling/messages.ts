/** A message from the server to the client: JSON text on the data channel. */
export type ServerMessage =
  /** The handler waits for inputs; the page posts them to the user's own route. */
  | { type: 'send_input'; data: [] }
  /** Outputs are there to be fetched. */
  | { type: 'fetch_output'; data: [] }
  /** A stop word was heard. */
  | { type: 'stopword'; data: string }
  /** Something went wrong; `message` and `data` have the same text. */
  | { type: 'error'; message: string; data: string }
  /** Something to know; `message` and `data` have the same text. */
  | { type: 'warning'; message: string; data: string }
  /** What happens: `Server received: …`, or how far a turn has come. */
  | { type: 'log'; data: string }
  /** The stream ends; `data` is why. */
  | { type: 'end_stream'; data: string }
  /** Asks the client to change its connection: `'closed'` to close it. */
  | { type: 'update_connection'; data: 'closed' }

/** What a client sends when its data channel opens; the only message that isn't answered. */
export const HANDSHAKE = 'handshake'

/** Bytes of the longest message that the data channel takes. */
const MAX_BYTES = 65_536
/** Characters of a text that always fit: one takes six bytes as JSON at most, and a notice has its text twice. */
const MAX_TEXT = 10_000
const MAX_NOTICE = 5000

/**
 * Formats a message for the wire.
 *
 * @param message - what to say
 * @returns JSON text; its `data` is shortened where it would not fit a message
 */
export function formatMessage(message: ServerMessage): string {
  const whole = JSON.stringify(message)
  if (fits(whole) || typeof message.data !== 'string') return whole
  return JSON.stringify({ ...message, data: shorten(message.data, MAX_TEXT) })
}

/**
 * An error or a warning, with its text where both old and new pages look for it.
 *
 * @param type - which of the two
 * @param text - for a person
 * @returns JSON text; the text is shortened where it would not fit a message
 */
export function formatNotice(type: 'error' | 'warning', text: string): string {
  const whole = JSON.stringify({ type, message: text, data: text })
  if (fits(whole)) return whole
  const shown = shorten(text, MAX_NOTICE)
  return JSON.stringify({ type, message: shown, data: shown })
}

/**
 * The answer to what a client sent: a `log` message `Server received: …`.
 *
 * @param text - what the client sent
 * @returns JSON text; shortened where it would not fit a message
 */
export function formatReceipt(text: string): string {
  return formatMessage({ type: 'log', data: `Server received: ${shorten(text, MAX_TEXT)}` })
}

function fits(json: string): boolean {
  return Buffer.byteLength(json) <= MAX_BYTES
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
