import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { ExecutionContext } from 'ava'
import { Hono } from 'hono'
import { Stream } from '../../src/index.ts'
import type { StreamOptions } from '../../src/index.ts'
import { Echo } from '../helpers/echo.ts'

const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' }

/** What {@link servePages} serves. */
export interface Pages {
  /** The stream; closed with its test. */
  readonly stream: Stream
  /** Of the server, with a slash at the end; `library.html` and `client.html` are below it. */
  readonly url: string
  /** The user's own app, for further routes. */
  readonly app: Hono
}

/** A user's own Hono server with pages of their own, and a stream mounted on it: an echo unless told otherwise. */
export async function servePages(
  t: Pick<ExecutionContext, 'teardown'>,
  options: Partial<StreamOptions> = {},
): Promise<Pages> {
  const stream = new Stream({ handler: new Echo(), ...options } as StreamOptions)
  const app = stream.mount(new Hono(), '', { page: true })
  app.get('/:name{[a-z]+\\.(html|js)}', async (c) => {
    const name = c.req.param('name')
    const type = TYPES[name.split('.')[1] ?? ''] ?? ''
    return c.body(await readFile(new URL(`pages/${name}`, import.meta.url), 'utf8'), 200, { 'content-type': type })
  })
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server
  server.on('upgrade', (request, socket, head) => stream.handleUpgrade(request, socket, head))
  t.teardown(async () => {
    await stream.close()
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { app, stream, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}
