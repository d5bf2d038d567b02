import { STREAM_CLOSED } from '../stream/stream-base.ts'

/** The close codes of refusals (RFC 6455, section 7.4, and the registry that it founded). */
const REFUSAL_CODES: Readonly<Record<string, number>> = {
  invalid_request: 1008,
  connection_already_exists: 1008,
  modality_not_supported: 1008,
  connection_closed: 1001,
  server_error: 1011,
}

/** Why sessions end, and with which code their sockets are closed then. */
const END_CODES: Readonly<Record<string, number>> = {
  [STREAM_CLOSED]: 1001,
  error: 1011,
  failed: 1011,
  timeout: 1011,
  connect_timeout: 1011,
}

/** Reasons that are for programs; others are an operator's own words. */
const END_WORDS = ['close_stream', 'time_limit', 'error']

/**
 * With which code a socket is closed whose session was refused.
 *
 * @param error - the code of the refusal
 * @returns 1013 (try again later) where nothing better is known
 */
export function refusalCode(error: string): number {
  return REFUSAL_CODES[error] ?? 1013
}

/**
 * How a socket is closed whose session has ended.
 *
 * @param reason - why it ended
 * @returns the close code, and a word that is for programs, or empty
 */
export function closeOf(reason: string): [code: number, word: string] {
  return [END_CODES[reason] ?? 1000, END_WORDS.includes(reason) ? reason : '']
}
