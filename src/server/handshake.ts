import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** What both sides add to the client's key (RFC 6455, section 1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** 16 bytes in Base64. */
const KEY = /^[+/\dA-Za-z]{22}==$/
/** A word of HTTP (RFC 9110, section 5.6.2), at the beginning. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+/
/** The only version that there is. */
const VERSION = '13'

/**
 * Answers the opening handshake of a WebSocket (RFC 6455, section 4.2). No extension is agreed upon, for compression costs memory
 * for each socket and audio gains nothing from it; of the protocols that a client offers, the first is taken, for browsers want one.
 *
 * @param request - as the `upgrade` event of `node:http` has it
 * @returns the head of the answer, to be written as it is
 * @throws Refusal with status 405, 400 or 426 for what is no such handshake
 */
export function answerHandshake({ method, headers }: IncomingMessage): string {
  const { upgrade, 'sec-websocket-key': key = '', 'sec-websocket-version': version } = headers
  if (method !== 'GET')
    throw new Refusal(405, 'method_not_allowed', 'A WebSocket is asked for with GET', { allow: 'GET' })
  if (upgrade?.toLowerCase() !== 'websocket' || !KEY.test(key)) {
    throw new Refusal(400, 'invalid_handshake', 'The request is no handshake of a WebSocket: see RFC 6455, section 4')
  }
  if (version !== VERSION) {
    const header = { 'sec-websocket-version': VERSION }
    throw new Refusal(426, 'invalid_handshake', `WebSockets are of version ${VERSION} here`, header)
  }
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  const protocol = TOKEN.exec(headers['sec-websocket-protocol']?.trim() ?? '')
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol === null ? [] : [`Sec-WebSocket-Protocol: ${protocol[0]}`]),
    '\r\n',
  ].join('\r\n')
}
