import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import test from 'ava'
import { offerBody } from '../helpers/offer.ts'
import { quietStream } from '../helpers/quiet-stream.ts'

test('a UDP port that is taken is told to the operator, not to the client', async (t) => {
  const taken = createSocket('udp4').bind(0, '127.0.0.1')
  t.teardown(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address()
  const { stream, log } = quietStream(t, {
    media: { bindAddress: '127.0.0.1', workers: 1, udpPorts: { min: port, max: port } },
  })
  const error = once(stream, 'error')
  const told = JSON.stringify(await stream.offer(offerBody('a')))
  t.regex(told, /"error":"server_error"/)
  t.notRegex(told, new RegExp(`127\\.0\\.0\\.1|${port}`))
  t.regex(((await error) as [Error])[0].message, new RegExp(`${port}`))
  t.regex(log.lines[0] ?? '', new RegExp(`${port}`))
})
