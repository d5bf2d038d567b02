import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import express from 'express'
import fastify from 'fastify'
import { type CallRequest, Stream, type TelephoneProvider, twilio } from '../../src/index.ts'
import { mount as mountOnExpress } from '../../src/server/express.ts'
import { mount as mountOnFastify } from '../../src/server/fastify.ts'
import { mount as mountOnNode } from '../../src/server/node.ts'
import { Echo } from '../helpers/echo.ts'
import { mulawTone } from '../helpers/mulaw.ts'
import { readMarkup, ScriptedProvider } from '../helpers/scripted-provider.ts'
import { AUTH_TOKEN, PUBLIC_URL } from '../helpers/serve-phone.ts'

const SERVERS: Record<string, (stream: Stream) => Promise<Server> | Server> = {
  Express: (stream) => {
    const app = express()
    const server = createServer(app)
    mountOnExpress(stream, app, '/voice')
    server.on('upgrade', (...upgrade) => stream.handleUpgrade(...upgrade, { path: '/voice' }))
    return server
  },
  'Express behind its parser of forms': (stream) => {
    const app = express().use(express.urlencoded({ extended: false }))
    const server = createServer(app)
    mountOnExpress(stream, app, '/voice')
    server.on('upgrade', (...upgrade) => stream.handleUpgrade(...upgrade, { path: '/voice' }))
    return server
  },
  Fastify: async (stream) => {
    const app = fastify()
    await mountOnFastify(stream, app, '/voice').ready()
    return app.server
  },
  'node:http': (stream) => mountOnNode(stream, createServer(), '/voice'),
}

/** Twilio, but for who places calls. */
function placing(placeCall: TelephoneProvider['placeCall']): TelephoneProvider {
  return Object.assign(twilio({ authToken: AUTH_TOKEN }), { placeCall })
}

for (const [name, build] of Object.entries(SERVERS)) {
  test(`${name} answers the telephone below a path`, async (t) => {
    const telephony = { provider: twilio({ authToken: AUTH_TOKEN }), publicUrl: PUBLIC_URL }
    const stream = new Stream({ handler: new Echo(), telephony })
    const server = await build(stream)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(async () => {
      await stream.close()
      server.closeAllConnections()
      server.close()
    })
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const local = (url: string): string => url.replace(/^(http|ws)s?:\/\/voice\.example\.org/, `$1://${host}`)
    const call = await new ScriptedProvider(t, AUTH_TOKEN, local).call(`${PUBLIC_URL}/voice/telephone/incoming`)
    call.say(mulawTone(600, 1))
    await call.untilHeard(0.5)
    t.is(stream.sessions.size, 1)
  })
}

for (const [name, build] of Object.entries(SERVERS)) {
  test(`a call that is placed before any came in connects below the path of ${name}`, async (t) => {
    const placed: CallRequest[] = []
    const provider = placing(async (request) => `CA${placed.push(request)}`)
    const stream = new Stream({ handler: new Echo(), telephony: { provider, publicUrl: PUBLIC_URL } })
    t.teardown(() => stream.close())
    await build(stream)
    await stream.call({ to: '+15550100', from: '+15550199' })
    const { url } = readMarkup(placed[0]?.markup ?? '')
    t.is(url, `${PUBLIC_URL.replace('https', 'wss')}/voice/telephone/handler`)
  })
}

test('a stream without the option has no telephone', async (t) => {
  const stream = new Stream({ handler: new Echo() })
  t.teardown(() => stream.close())
  const { url } = await stream.launch({ port: 0, quiet: true })
  const response = await fetch(`${url}telephone/incoming`, {
    method: 'POST',
    body: new URLSearchParams({ CallSid: 'CA1' }),
  })
  t.is(response.status, 404)
  t.like(await response.json(), { meta: { error: 'telephone_not_available' } })
})
