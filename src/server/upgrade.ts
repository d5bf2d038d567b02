import type { Duplex } from 'node:stream'
import { Refusal } from './refusal.ts'

/**
 * Answers a request for a WebSocket with a plain HTTP refusal, for no route takes one yet, and ends the connection.
 *
 * @param socket - the connection, as the `upgrade` event of `node:http` hands it over
 */
export function refuseUpgrade(socket: Duplex): void {
  const refusal = new Refusal(
    501,
    'websocket_not_available',
    'Audio over a WebSocket is not available here: connect with WebRTC, by POST to webrtc/offer',
  )
  const body = JSON.stringify({ status: 'failed', meta: { error: refusal.code, message: refusal.message } })
  const head = [
    `HTTP/1.1 ${refusal.status} Not Implemented`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  // The peer may be gone already, and nobody else listens for that.
  socket.on('error', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
