import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { WebSocket } from 'ws'
import { binaryFrame, textFrame } from '../../src/server/frame.ts'

/** A client of `ws`, and the other end of its connection. */
async function connect(): Promise<{ client: WebSocket; connection: Socket }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [connection] = (await once(server, 'connection')) as [Socket]
  const [head] = (await once(connection, 'data')) as [Buffer]
  const key = /^sec-websocket-key: (.*)\r$/im.exec(head.toString())?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const answer = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  connection.write([...answer, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'))
  await once(client, 'open')
  server.close()
  return { client, connection }
}

/** At the borders between the three ways to write a length, in bytes and in characters. */
const LENGTHS = [0, 1, 125, 126, 65_535, 65_536, 70_000]

test('another implementation reads the frames as they were meant', async (t) => {
  const { client, connection } = await connect()
  const texts = LENGTHS.flatMap((length) => ['a'.repeat(length), 'é'.repeat(length / 2), '😀'.repeat(length / 4)])
  const wanted = [...texts, ...LENGTHS.map((length) => Buffer.alloc(length, 0xff))]
  const got: unknown[] = []
  const all = new Promise<void>((resolve) => {
    client.on('message', (data: Buffer, isBinary) => {
      got.push(isBinary ? data : data.toString())
      if (got.length === wanted.length) resolve()
    })
  })
  for (const each of wanted) connection.write(typeof each === 'string' ? textFrame(each) : binaryFrame(each))
  await all
  t.deepEqual(got, wanted)
  connection.destroy()
})
