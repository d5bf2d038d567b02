import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import test from 'ava'
import { SessionClosedError } from '../../src/index.ts'
import { Host } from '../../src/native/host.ts'
import type { LinkEvent, MediaLink } from '../../src/native/media-link.ts'
import { engineSettings, linkSettings } from '../../src/stream/link-settings.ts'
import { resolveOptions } from '../../src/stream/resolve-options.ts'
import { until } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'
import { offerSdp } from '../helpers/offer.ts'

const handler = new Echo()
const settings = resolveOptions({
  handler,
  media: { bindAddress: '127.0.0.1', workers: Math.min(2, availableParallelism()) },
})

/** An event of that kind, within the test's time. */
function eventOf(link: MediaLink, kind: LinkEvent['kind']): Promise<LinkEvent> {
  // The engine's wake-ups keep no process alive; a test that waits for one does.
  const alive = setInterval(() => undefined, 1000)
  return new Promise((resolve) => {
    link.listen({
      onAudio: () => undefined,
      onRoom: () => undefined,
      onEvent: (event) => {
        if (event.kind !== kind) return
        clearInterval(alive)
        resolve(event)
      },
    })
  })
}

const NO_SERVERS = { stunServers: [], turnServers: [] }

async function accept(sdp = offerSdp()): Promise<MediaLink> {
  const host = await Host.open()
  return host.accept(engineSettings(settings, NO_SERVERS), linkSettings(settings, handler), sdp)
}

test('a thread has one host', async (t) => {
  t.is(await Host.open(), await Host.open())
})

test('an offer is answered by an event', async (t) => {
  const link = await accept()
  const answer = await eventOf(link, 'answer')
  t.regex(answer.kind === 'answer' ? answer.sdp : '', /^v=0\r\n/)
  link.close(false)
})

test('an offer that is none is rejected by an event, with a code and a reason', async (t) => {
  const rejected = await eventOf(await accept('hello'), 'rejected')
  t.like(rejected, { kind: 'rejected', code: 'invalid_sdp' })
})

test('a setting that is out of range is refused at once, by name', async (t) => {
  const host = await Host.open()
  const wrong = { ...linkSettings(settings, handler), inputSampleRate: 7 }
  t.throws(() => host.accept(engineSettings(settings, NO_SERVERS), wrong, offerSdp()), {
    instanceOf: RangeError,
    message: /7/,
  })
})

test('a session that was closed says so, reads nothing, and takes no more audio', async (t) => {
  const link = await accept()
  await eventOf(link, 'answer')
  const closed = eventOf(link, 'closed')
  link.close(false)
  t.deepEqual(await closed, { kind: 'closed', code: 'local' })
  t.is(link.readAudio(new Int16Array(960)), 0)
  t.throws(() => link.writeAudio(new Int16Array(480), 24_000, 1), { instanceOf: SessionClosedError })
})

test('audio that was written is queued by its duration, whatever its type, and can be dropped', async (t) => {
  const link = await accept()
  await eventOf(link, 'answer')
  t.is(Math.round(link.writeAudio(new Int16Array(24_000), 24_000, 1)), 1000)
  t.is(Math.round(link.writeAudio(new Float32Array(4410), 44_100, 2)), 1050)
  t.throws(() => link.writeAudio(new Int16Array(3), 24_000, 2), { instanceOf: RangeError })
  t.throws(() => link.writeAudio(new Int16Array(3), 7, 1), { instanceOf: RangeError })
  link.clearQueue()
  await until(() => link.queuedMs() === 0)
  link.close(false)
})

test('audio of a session goes to one thread: not to the one that accepted it, nor after its end', async (t) => {
  const [host, link] = [await Host.open(), await accept()]
  t.throws(() => host.attach(link.key), { instanceOf: RangeError, message: /has the session already/ })
  const closed = eventOf(link, 'closed')
  link.close(false)
  await closed
  t.throws(() => host.attach(link.key), { instanceOf: SessionClosedError })
})

test.serial('a listener that throws loses no event of its own session or of another, and is warned of', async (t) => {
  const [warning, link, other] = [once(process, 'warning'), await accept(), await accept()]
  const kinds: string[] = []
  link.listen({
    onAudio: () => undefined,
    onRoom: () => undefined,
    onEvent: ({ kind }) => {
      kinds.push(kind)
      throw new Error('no thanks')
    },
  })
  await eventOf(other, 'answer')
  await until(() => kinds.includes('answer'))
  link.close(false)
  await until(() => kinds.includes('closed'))
  t.regex(((await warning) as [Error])[0].message, /no thanks/)
  other.close(false)
})
