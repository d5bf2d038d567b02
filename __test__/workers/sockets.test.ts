import { once } from 'node:events'
import test from 'ava'
import type { Session } from '../../src/index.ts'
import { encodeMulaw } from '../helpers/mulaw.ts'
import { share, sine, SocketClient, speak } from '../helpers/socket-client.ts'
import { serveWorker, workerHandler } from '../helpers/worker-handler.ts'

test.serial(
  'a handler on a worker thread echoes over a WebSocket, sends its messages and ends its stream',
  async (t) => {
    const { stream, url } = await serveWorker(t, workerHandler('obedient'))
    const begun = once(stream, 'session') as Promise<[Session]>
    const client = await SocketClient.start(url, 'a')
    const [session] = await begun
    t.is(session.transport, 'websocket')
    const say = (seconds: number): Promise<void> =>
      speak(sine(440, 16_000, seconds), 16_000, (part) => client.media(encodeMulaw(part)))
    await say(1)
    await client.until(() => client.heard().length >= 16_000 * 0.9)
    t.true(share(client.heard(), 16_000, 440) > 0.9)
    stream.setInput('a', 'send', 'from a thread')
    await say(0.1)
    t.deepEqual(await client.next('log'), { type: 'log', data: 'from a thread' })
    t.like(await client.next('warning'), { message: 'Take care' })
    stream.setInput('a', 'who')
    await say(0.1)
    t.like((await stream.fetchLatestOutput('a')).args[0], { webrtcId: 'a' })
    stream.setInput('a', 'close')
    await say(0.1)
    t.deepEqual(await client.closed, { code: 1000, reason: 'close_stream' })
    t.like(client.texts.at(-1), { type: 'end_stream', data: 'Goodbye' })
  },
)
