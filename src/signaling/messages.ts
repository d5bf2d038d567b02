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

/**
 * Formats a message for the wire.
 *
 * @param message - what to say
 * @returns JSON text
 */
export function formatMessage(message: ServerMessage): string {
  return JSON.stringify(message)
}

/**
 * An error or a warning, with its text where both old and new pages look for it.
 *
 * @param type - which of the two
 * @param text - for a person
 * @returns JSON text
 */
export function formatNotice(type: 'error' | 'warning', text: string): string {
  return formatMessage({ type, message: text, data: text })
}

/**
 * The answer to what a client sent: a `log` message `Server received: …`.
 *
 * @param text - what the client sent
 * @returns JSON text; shortened where it would not fit a message
 */
export function formatReceipt(text: string): string {
  // A control character takes six bytes as JSON, so this fits 64 KiB whatever the text is made of.
  const shown = text.length > 10_000 ? `${text.slice(0, 10_000)}…` : text
  return formatMessage({ type: 'log', data: `Server received: ${shown}` })
}
