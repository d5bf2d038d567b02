import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { callByAiortc } from '../helpers/aiortc.ts'
import { startCoturn } from '../helpers/coturn.ts'
import { serve } from '../helpers/serve.ts'

test.serial('aiortc hears its beeps come back when it and the server can meet at a TURN server alone', async (t) => {
  const coturn = await startCoturn(t)
  // The server has IPv6 alone, and of aiortc's candidates it is told those of IPv4 alone, as is the relayed one.
  const options = { media: { bindAddress: '::1' }, serverRtcConfiguration: { iceServers: [coturn] } }
  const { url } = await serve(t, options)
  const { proxy, named } = await between(t, url)
  const call = await callByAiortc(proxy, { seconds: 3 })
  t.deepEqual(named, ['relay'])
  t.is(call.hertz, 1000)
  t.true(call.frames > 100, `${call.frames} frames`)
})

/** Passes offers on to a server without their IPv6 candidates, and its answers back with the relayed candidates only. */
async function between(t: ExecutionContext, url: string): Promise<{ proxy: string; named: string[] }> {
  const named: string[] = []
  const pass = async (request: IncomingMessage): Promise<string> => {
    const offer = (await json(request)) as { sdp: string }
    const sdp = candidatesThat(offer.sdp, (candidate) => !candidate.split(' ')[4]?.includes(':'))
    const body = JSON.stringify({ ...offer, sdp })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(new URL(request.url ?? '/', url), { method: 'POST', body, headers })
    const answer = (await response.json()) as { sdp: string }
    const relayed = candidatesThat(answer.sdp, (candidate) => candidate.includes(' typ relay '))
    named.push(...[...relayed.matchAll(/ typ (\w+)/g)].map(([, type]) => type ?? ''))
    return JSON.stringify({ ...answer, sdp: relayed })
  }
  const server = createServer((request, response) => {
    pass(request).then(
      (answer) => response.writeHead(200, { 'content-type': 'application/json' }).end(answer),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return { proxy: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, named }
}

/** The description with those of its candidates only. */
function candidatesThat(sdp: string, fit: (candidate: string) => boolean): string {
  const lines = sdp.split('\r\n')
  return lines.filter((line) => !line.startsWith('a=candidate:') || fit(line)).join('\r\n')
}
