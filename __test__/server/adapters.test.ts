import { once } from 'node:events'
import { createServer, IncomingMessage } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createAdaptorServer } from '@hono/node-server'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { WebSocket, WebSocketServer } from 'ws'
import { Stream } from '../../src/index.ts'
import { mount as mountOnExpress } from '../../src/server/express.ts'
import { mount as mountOnFastify } from '../../src/server/fastify.ts'
import { mount as mountOnNode } from '../../src/server/node.ts'
import { Echo } from '../helpers/echo.ts'
import { post } from '../helpers/serve.ts'
import { SocketClient } from '../helpers/socket-client.ts'

/** Makes a server that answers `/hello` itself, with a stream mounted at a path. */
type Build = (stream: Stream, path: string) => Promise<Server> | Server

/** Hands a server's upgrades to a stream, as one does who made the server. */
function byHand(stream: Stream, server: Server, path?: string): Server {
  return server.on('upgrade', (request, socket, head) => {
    if (request.url?.endsWith('/chat') === true) return
    stream.handleUpgrade(request, socket, head, path === undefined ? {} : { path })
  })
}

const SERVERS: Record<string, Build> = {
  Hono: (stream, path) => {
    const app = new Hono().get('/hello', (c) => c.text('hello'))
    stream.mount(app, path, { page: true })
    return byHand(stream, createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server)
  },
  Express: (stream, path) => {
    const app = mountOnExpress(stream, express(), path, { page: true })
    return byHand(stream, createServer(app.get('/hello', (_, response) => void response.send('hello'))), path)
  },
  'Express behind its JSON parser': (stream, path) => {
    const app = mountOnExpress(stream, express().use(express.json()), path, { page: true })
    return byHand(stream, createServer(app.get('/hello', (_, response) => void response.send('hello'))), path)
  },
  Fastify: async (stream, path) => {
    const app = fastify().get('/hello', () => 'hello')
    await mountOnFastify(stream, app, path, { page: true }).ready()
    return app.server
  },
  'node:http': (stream, path) => {
    const server = createServer((_, response) => void response.end('hello'))
    return mountOnNode(stream, server, path, { page: true })
  },
}

/** A WebSocket of the server's own, which says its name. */
function addChat(server: Server): void {
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.endsWith('/chat') === true)
      sockets.handleUpgrade(request, socket, head, (chat) => chat.send('chat'))
  })
}

async function listen(t: ExecutionContext, build: Build, path: string): Promise<string> {
  const stream = new Stream({ handler: new Echo() })
  const server = await build(stream, path)
  addChat(server)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

for (const [name, build] of Object.entries(SERVERS)) {
  for (const path of ['', '/voice']) {
    const where = path === '' ? 'the root' : path

    test(`${name} answers offers and candidates at ${where}`, async (t) => {
      const url = `${await listen(t, build, path)}${path}/webrtc/offer`
      t.is((await post(url, { sdp: 'v=0', type: 'offer' })).status, 422)
      const body = { type: 'ice-candidate', candidate: { candidate: '', sdpMid: '0', sdpMLineIndex: 0 } }
      const answer = await post(url, { ...body, webrtc_id: 'nobody' })
      t.like(answer.body, { status: 'failed', meta: { error: 'unknown_connection' } })
    })

    test(`${name} keeps the limits at ${where}`, async (t) => {
      const url = `${await listen(t, build, path)}${path}/webrtc/offer`
      t.is((await post(url, { sdp: 'x'.repeat(70_000), type: 'offer', webrtc_id: 'a' })).status, 413)
      t.is((await post(url, { type: 'offer' }, { origin: 'https://evil.example' })).status, 403)
      t.is((await fetch(url)).status, 405)
    })

    test(`${name} serves the configuration and the page at ${where}`, async (t) => {
      const url = `${await listen(t, build, path)}${path}`
      t.like(await (await fetch(`${url}/webrtc/config`)).json(), { mode: 'send-receive' })
      const page = await fetch(url)
      t.is(page.url, `${url}/`)
      t.regex(await page.text(), /<title>Parley<\/title>/)
      t.is((await fetch(`${url}/client/page/main.js`)).status, 200)
    })

    test(`${name} takes the page's inputs and gives its outputs at ${where}`, async (t) => {
      const url = `${await listen(t, build, path)}${path}/page`
      const nobody = { 'parley-webrtc-id': 'nobody' }
      const unknown = { status: 'failed', meta: { error: 'unknown_connection' } }
      t.deepEqual((await post(`${url}/inputs`, { values: [] }, nobody)).body, unknown)
      t.deepEqual(await (await fetch(`${url}/outputs`, { headers: nobody })).json(), unknown)
      t.is((await fetch(`${url}/outputs`)).status, 422)
    })

    test(`${name} takes WebSockets at ${where}, and leaves others to the server's own listeners`, async (t) => {
      const url = `${await listen(t, build, path)}${path}/`
      const client = await SocketClient.open(url)
      client.send({ event: 'ping' })
      t.deepEqual(await client.next('pong'), { event: 'pong' })
      client.socket.terminate()
      t.regex(await SocketClient.attempt(url, { origin: 'https://evil.example' }), /403/)
      const chat = new WebSocket(`${url.replace('http', 'ws')}chat`)
      t.is(String((await once(chat, 'message'))[0]), 'chat', 'of the server itself')
      chat.terminate()
      t.is((await fetch(`${url}websocket/offer`)).status, 426)
    })

    test(`${name} goes on answering its own routes beside a stream at ${where}`, async (t) => {
      const url = await listen(t, build, path)
      t.is(await (await fetch(`${url}/hello`)).text(), 'hello')
    })
  }
}

test('the server of app.listen() of Express hands WebSockets to the streams that are mounted on the app', async (t) => {
  const app = express()
  mountOnExpress(new Stream({ handler: new Echo() }), app, '/one')
  mountOnExpress(new Stream({ handler: new Echo() }), app, '/two')
  const server = app.listen(0, '127.0.0.1')
  t.teardown(() => server.closeAllConnections())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const path of ['one', 'two']) {
    const client = await SocketClient.open(`${url}/${path}/`)
    client.send({ event: 'ping' })
    await client.next('pong')
    client.socket.terminate()
  }
  t.regex(await SocketClient.attempt(`${url}/three/`), /404/, 'nobody else would answer it')
  server.close()
})

test('a server that hands no upgrades to the stream says so', async (t) => {
  const app = new Hono()
  new Stream({ handler: new Echo() }).mount(app)
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  t.regex(await SocketClient.attempt(url), /426/)
  t.regex(await (await fetch(`${url}websocket/offer`)).text(), /handleUpgrade/)
})

test('a mount path without a leading slash is refused and named', (t) => {
  const stream = new Stream({ handler: new Echo() })
  t.throws(() => stream.mount(new Hono(), 'voice'), { instanceOf: TypeError, message: /"voice"/ })
  t.throws(() => mountOnExpress(stream, express(), 'voice'), { instanceOf: TypeError, message: /"voice"/ })
})

test('an option of a mount that does not exist, or has no such value, is refused by name', (t) => {
  const stream = new Stream({ handler: new Echo() })
  const mounts = [
    (options: never) => stream.mount(new Hono(), '', options),
    (options: never) => mountOnExpress(stream, express(), '', options),
    (options: never) => mountOnFastify(stream, fastify(), '', options),
    (options: never) => mountOnNode(stream, createServer(), '', options),
  ]
  for (const mount of mounts) {
    t.throws(() => mount({ pages: true } as never), {
      instanceOf: TypeError,
      message: /no option pages; there is page/,
    })
    t.throws(() => mount({ page: 'yes' } as never), {
      instanceOf: TypeError,
      message: /page must be true or false.*"yes"/,
    })
    t.throws(() => mount(null as never), { instanceOf: TypeError, message: /options must be an object, not null/ })
  }
})

test('an app of another framework is refused, with the module that mounts on it', (t) => {
  const stream = new Stream({ handler: new Echo() })
  for (const app of [express(), express.Router(), fastify(), createServer(), null]) {
    t.throws(() => stream.mount(app as never), {
      instanceOf: TypeError,
      message: /Hono app, not .*'parley-rtc\/express'/,
    })
  }
})

test('an adapter refuses what is no app of its framework, and what is no stream', (t) => {
  const stream = new Stream({ handler: new Echo() })
  const [plain, router, fast, hono, server] = [express(), express.Router(), fastify(), new Hono(), createServer()]
  const mounts: [(stream: never, app: never) => unknown, wanted: RegExp, wrong: unknown[]][] = [
    [mountOnExpress, /an app or a router of Express, not/, [fast, hono, server, {}, 5, null, undefined]],
    [mountOnFastify, /an app of Fastify, not/, [plain, router, hono, server, {}, 5, null, undefined]],
    [mountOnNode, /a server of node:http or node:https, not/, [plain, router, fast, hono, {}, 5, null, undefined]],
  ]
  for (const [mount, message, wrong] of mounts) {
    for (const app of wrong) t.throws(() => mount(stream as never, app as never), { instanceOf: TypeError, message })
    for (const none of [null, undefined, {}, plain]) {
      t.throws(() => mount(none as never, server as never), { instanceOf: TypeError, message: /takes a Stream first/ })
    }
  }
})

test('a request for a WebSocket that is handed over without its parts is refused by name', (t) => {
  const stream = new Stream({ handler: new Echo() })
  const socket = new Duplex({ read: () => undefined, write: () => undefined })
  const request = new IncomingMessage(socket as Socket)
  const wrong: [unknown[], RegExp][] = [
    [[], /takes a request of node:http first.*not undefined/],
    [[{ url: '/websocket/offer', headers: {} }, socket], /takes a request of node:http first/],
    [[request], /takes the request's connection next.*not undefined/],
    [[request, {}], /takes the request's connection next/],
  ]
  for (const [args, message] of wrong) {
    t.throws(() => stream.handleUpgrade(...(args as Parameters<Stream['handleUpgrade']>)), {
      instanceOf: TypeError,
      message,
    })
  }
})

test('a request that is not of the Fetch API is refused', async (t) => {
  const stream = new Stream({ handler: new Echo() })
  for (const request of [undefined, 'http://x/', { url: '/webrtc/offer', headers: {} }]) {
    await t.throwsAsync(stream.fetch(request as never), {
      instanceOf: TypeError,
      message: /a Request of the Fetch API, not/,
    })
  }
})
