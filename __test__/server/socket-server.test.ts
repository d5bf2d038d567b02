import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import type { SocketRouteOptions } from '../../src/server/socket-routes.ts'
import { SocketServer } from '../../src/server/socket-server.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { TelephoneDesk } from '../../src/telephony/telephone-desk.ts'
import { quietStream } from '../helpers/quiet-stream.ts'
import { SocketClient } from '../helpers/socket-client.ts'

/** A server of sockets whose time the test moves. */
async function serveSockets(t: ExecutionContext, more: Partial<SocketRouteOptions> = {}) {
  const time = { ms: 0 }
  const clock = new VirtualClock(() => time.ms)
  const { stream } = quietStream(t, { concurrencyLimit: 10 })
  const sockets = new SocketServer(stream, clock)
  const server = createServer()
  const options = {
    loopbackOnly: false,
    allowedOrigins: new Set<string>(),
    bodyTimeoutMs: 1000,
    telephone: undefined,
    ...more,
  }
  server.on('upgrade', (...upgrade) => sockets.accept(upgrade, [''], options))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const pass = (ms: number): void => {
    time.ms += ms
    clock.runDue()
  }
  return { sockets, stream, server, pass, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

test('a far end that does not begin within ten seconds is turned out, and one that has is not', async (t) => {
  const { url, pass, stream } = await serveSockets(t)
  const [late, started] = [await SocketClient.open(url), await SocketClient.start(url, 'a')]
  for (const client of [late, started]) {
    client.send({ event: 'ping' })
    await client.next('pong')
  }
  pass(9999)
  late.send({ event: 'ping' })
  await late.until(() => late.texts.length === 2)
  pass(1)
  t.deepEqual(await late.closed, { code: 1008, reason: 'start_timeout' })
  t.deepEqual([...stream.sessions.keys()], ['a'])
  started.socket.terminate()
})

test('no more than 256 far ends of one network wait at once, and places are free again when they go', async (t) => {
  const { url, sockets } = await serveSockets(t)
  const clients = await Promise.all(Array.from({ length: 256 }, () => SocketClient.open(url)))
  t.regex(await SocketClient.attempt(url), /503/)
  clients[0]?.send({ event: 'start', websocket_id: 'a' })
  clients[0]?.send({ event: 'ping' })
  await clients[0]?.next('pong')
  const more = [await SocketClient.open(url)]
  clients[1]?.socket.close()
  // The server learns of it a moment before or after its client does.
  while (more.length < 2)
    await SocketClient.open(url).then(
      (client) => more.push(client),
      () => undefined,
    )
  t.regex(await SocketClient.attempt(url), /503/)
  sockets.close()
  for (const client of [...clients.slice(2), ...more]) {
    t.deepEqual(await client.closed, { code: 1001, reason: 'connection_closed' })
  }
  clients[0]?.socket.terminate()
  await sockets.settled()
})

test('who goes during the handshake, or talks on without waiting for its answer, harms nobody', async (t) => {
  const { url, sockets, server, stream } = await serveSockets(t)
  const { port } = server.address() as AddressInfo
  const head =
    'GET /websocket/offer HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  for (let i = 0; i < 20; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    socket.write(head, () => socket.destroy())
    await new Promise((resolve) => void socket.once('close', resolve))
  }
  // A masked text of two bytes, `{}`, and a close frame, in one piece with the request.
  const hasty = connect(port, '127.0.0.1')
  hasty.write(Buffer.concat([Buffer.from(head), Buffer.of(0x81, 0x82, 0, 0, 0, 0, 0x7b, 0x7d, 0x88, 0x80, 0, 0, 0, 0)]))
  const bytes: Buffer[] = []
  for await (const part of hasty) bytes.push(part as Buffer)
  t.regex(Buffer.concat(bytes).toString('latin1'), /^HTTP\/1\.1 101 [^]*\r\n\r\n\x88/)
  const client = await SocketClient.start(url, 'a')
  client.send({ event: 'ping' })
  await client.next('pong')
  t.is(stream.sessions.size, 1)
  client.socket.terminate()
  await sockets.settled()
})

test('a connection that was refused is let go of, though its far end keeps its side open', async (t) => {
  const { url, server } = await serveSockets(t)
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  client.write('GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  const [connection] = await accepted
  const closed = once(connection, 'close')
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.regex(answer.toString(), /^HTTP\/1\.1 404 /)
  client.write('x')
  await closed
  t.true(connection.destroyed)
  client.destroy()
})

test('a socket whose protocol can not begin is closed, and waited for no more', async (t) => {
  const telephone = {
    isGuarded: true,
    checkSocket: () => undefined,
    serve: () => {
      throw new Error('oops')
    },
  }
  const { url, sockets } = await serveSockets(t, { telephone: telephone as unknown as TelephoneDesk })
  const client = new SocketClient(new URL('telephone/handler', url).href)
  t.deepEqual(await client.closed, { code: 1011, reason: 'internal_error' })
  await t.notThrowsAsync(sockets.settled())
})

test('who comes after the end is refused, and not waited for', async (t) => {
  const { url, sockets } = await serveSockets(t)
  sockets.close()
  t.regex(await SocketClient.attempt(url), /503/)
  await t.notThrowsAsync(sockets.settled())
})
