import type { IncomingMessage } from 'node:http'
import test from 'ava'
import { answerHandshake } from '../../src/server/handshake.ts'
import { Refusal } from '../../src/server/refusal.ts'

/** The request of RFC 6455, section 1.3. */
const HEADERS = {
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}

function answer(headers: Record<string, string | undefined>, method = 'GET'): string {
  return answerHandshake({ method, headers: { ...HEADERS, ...headers } } as unknown as IncomingMessage)
}

test('the handshake of the RFC is answered as it says', (t) => {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='
  t.is(answer({ upgrade: 'WebSocket' }), [...lines, accept, '\r\n'].join('\r\n'))
  const offered = answer({ 'sec-websocket-protocol': ' audio.example.org, other', 'sec-websocket-extensions': 'x' })
  t.is(offered, [...lines, accept, 'Sec-WebSocket-Protocol: audio.example.org', '\r\n'].join('\r\n'))
  t.notRegex(answer({ 'sec-websocket-protocol': '"' }), /protocol:/i)
})

const WRONG: [headers: Record<string, string | undefined>, status: number, method?: string][] = [
  [{ upgrade: undefined }, 400],
  [{ upgrade: 'h2c' }, 400],
  [{ 'sec-websocket-key': undefined }, 400],
  [{ 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ' }, 400],
  [{ 'sec-websocket-version': undefined }, 426],
  [{ 'sec-websocket-version': '12' }, 426],
  [{}, 405, 'POST'],
]
for (const [headers, status, method] of WRONG) {
  const what = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  test(`${method ?? 'GET'} with ${what.join()} is answered with ${status}`, (t) => {
    const error = t.throws(() => answer(headers, method), { instanceOf: Refusal })
    t.is(error?.status, status)
    if (status === 426) t.is(error?.headers['sec-websocket-version'], '13')
  })
}
