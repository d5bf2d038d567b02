import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import test from 'ava'
import { ListenError, Stream } from '../../src/index.ts'
import { Echo } from '../helpers/echo.ts'
import { serve } from '../helpers/serve.ts'

test('a launched stream serves the built-in page and every file that it names', async (t) => {
  const { url } = await serve(t)
  const page = await fetch(url)
  t.is(page.status, 200)
  t.is(page.headers.get('content-type'), 'text/html; charset=utf-8')
  const html = await page.text()
  const files = [...html.matchAll(/(?:href|src)="([^"#]+)"/g)].map((match) => match[1] ?? '')
  t.is(files.length, 3, 'icon, style and script')
  for (const file of files) t.is((await fetch(new URL(file, url))).status, 200, file)
})

test('the page may load and run nothing but its own files', async (t) => {
  const { url } = await serve(t)
  const page = await fetch(url)
  const policy = page.headers.get('content-security-policy') ?? ''
  t.regex(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
  t.notRegex(policy, /unsafe|https?:|\*/)
  t.notRegex(
    await page.text(),
    /<style|<script(?![^>]* src=)|\sstyle=|\son\w+=|https?:\/\//,
    'nothing inline or foreign',
  )
})

test('no path leads out of the folder of the page', async (t) => {
  const { url } = await serve(t)
  for (const path of ['client/..%2fserver%2fstream.js', 'client/page/..%2f..%2findex.js', 'client/tsconfig.json']) {
    t.is((await fetch(url + path)).status, 404, path)
  }
})

test('with a path the page and the routes are below it, and the path itself leads there', async (t) => {
  const { url } = await serve(t, {}, { path: '/voice/room' })
  t.true(url.endsWith('/voice/room/'))
  t.is((await fetch(url)).status, 200)
  t.is((await fetch(`${url}webrtc/config`)).status, 200)
  t.is((await fetch(`${url}client/connect.js`)).status, 200)
  const bare = await fetch(url.slice(0, -1))
  t.is(bare.url, url)
  t.is((await fetch(new URL('/', url))).status, 404)
})

test('a port that is in use gives an error that names it and a way out', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const stream = new Stream({ handler: new Echo() })
  const error = await t.throwsAsync(stream.launch({ port }), { instanceOf: ListenError, code: 'ERR_PARLEY_LISTEN' })
  t.regex(error?.message ?? '', new RegExp(`Port ${port} .+ in use.+port: 0`))
})

test('an address of another machine, and a port that is none, are named', async (t) => {
  const stream = new Stream({ handler: new Echo() })
  // 192.0.2.0/24 is nobody's (RFC 5737).
  await t.throwsAsync(stream.launch({ host: '192.0.2.1', port: 0 }), { message: /no address 192\.0\.2\.1/ })
  await t.throwsAsync(stream.launch({ port: 70_000 }), { instanceOf: RangeError, message: /70000/ })
  await t.throwsAsync(stream.launch({ path: 'voice' }), { instanceOf: TypeError, message: /"voice"/ })
})

const WRONG: [what: unknown, message: RegExp][] = [
  [null, /The options must be an object, not null/],
  [7861, /The options must be an object, not 7861/],
  [{ prot: 1 }, /no option prot; there are host, port/],
  [{ host: 5 }, /host.*'0\.0\.0\.0'.*not 5/],
  [{ host: '' }, /host.*not ""/],
  [{ port: '80' }, /port.*"80"/],
  [{ port: 1.5 }, /port.*1\.5/],
  [{ quiet: 1 }, /quiet.*not 1/],
]
for (const [options, message] of WRONG) {
  test(`launch refuses by name: ${message.source}`, async (t) => {
    const stream = new Stream({ handler: new Echo() })
    const error = await t.throwsAsync(stream.launch(options as object), { message })
    t.true(error instanceof TypeError || error instanceof RangeError)
  })
}

test('a server gives a whole request longer than its body may take', async (t) => {
  const { url } = await serve(t, { requestTimeout: 60 })
  const servers: Server[] = []
  const note = (message: unknown): void => void servers.push((message as { server: Server }).server)
  subscribe('http.server.request.start', note)
  t.teardown(() => unsubscribe('http.server.request.start', note))
  await fetch(`${url}webrtc/config`)
  const { port } = new URL(url)
  const server = servers.find((each) => String((each.address() as AddressInfo).port) === port)
  t.is(server?.requestTimeout, 65_000)
})

test('a picture of another site is the only thing that the page may load from there', async (t) => {
  const { url } = await serve(t, { ui: { icon: 'https://pictures.example:8443/a/b.png' } })
  const policy = (await fetch(url)).headers.get('content-security-policy') ?? ''
  t.regex(policy, /; img-src 'self' data: https:\/\/pictures\.example:8443;/)
  t.is(policy.match(/https?:/g)?.length, 1)
})

test('a stream without options says what it needs', (t) => {
  for (const options of [undefined, null, 5, [], () => undefined, new Echo(), Promise.resolve({})]) {
    t.throws(() => new Stream(options as never), {
      instanceOf: TypeError,
      message: /^The options must be an object with/,
    })
  }
})

test('close() of the launched server stops it and leaves the stream', async (t) => {
  const stream = new Stream({ handler: new Echo() })
  const server = await stream.launch({ port: 0, quiet: true })
  await server.close()
  await t.throwsAsync(fetch(server.url))
  t.is((await stream.fetch(new Request('http://localhost/webrtc/config'))).status, 200)
})

test('closing the stream stops what it launched', async (t) => {
  const { stream, url } = await serve(t)
  await stream.close()
  await t.throwsAsync(fetch(url))
})

test('a stream that was closed launches no server', async (t) => {
  const stream = new Stream({ handler: new Echo() })
  await stream.close()
  await t.throwsAsync(stream.launch({ port: 0, quiet: true }), { instanceOf: ListenError, message: /was closed/ })
})

test.serial('a request that is never answered holds up no close for longer than five seconds', async (t) => {
  const asked = new EventEmitter()
  const stream = new Stream({
    handler: new Echo(),
    rtcConfiguration: () => {
      asked.emit('asked')
      return new Promise(() => undefined)
    },
  })
  const { url } = await stream.launch({ port: 0, quiet: true })
  const answer = fetch(`${url}webrtc/config`)
  await once(asked, 'asked')
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const closed = stream.close()
  for (let i = 0; i < 20; i++) await Promise.resolve()
  mock.timers.tick(5_000)
  await closed
  await t.throwsAsync(answer)
})
