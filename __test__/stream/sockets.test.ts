import test from 'ava'
import {
  AdditionalOutputs,
  AsyncStreamHandler,
  CloseStream,
  type EmitType,
  type Context,
  getCurrentContext,
  type Session,
} from '../../src/index.ts'
import { HandlerSocket } from '../../src/handlers/handler-socket.ts'
import { Admission } from '../../src/stream/admission.ts'
import { SessionRegistry } from '../../src/stream/session-registry.ts'
import { SocketDesk } from '../../src/stream/socket-desk.ts'
import { openSocket } from '../../src/stream/stream-base.ts'
import { settle } from '../helpers/call.ts'
import { MemoryHost, MemoryPeer, MemorySocket, socketRequest } from '../helpers/memory-socket.ts'
import { offerBody } from '../helpers/offer.ts'
import { quietStream } from '../helpers/quiet-stream.ts'

/** Keeps what happens to it, and emits what the test gives it. */
class Witness extends AsyncStreamHandler {
  static latest: Witness | undefined
  readonly seen: string[] = []
  context: unknown
  ended = 0
  next: EmitType = null

  override startUp(): Promise<void> {
    this.context = getCurrentContext()
    this.seen.push(`start phone:${this.phoneMode} args:${JSON.stringify(this.latestArgs)}`)
    return Promise.resolve()
  }

  override receive([rate, samples]: readonly [number, Int16Array]): Promise<void> {
    this.seen.push(`audio ${rate} ${samples.length}`)
    return Promise.resolve()
  }

  override emit(): Promise<EmitType> {
    const given = this.next
    this.next = null
    return Promise.resolve(given)
  }

  override copy(): Witness {
    return (Witness.latest = new Witness({ inputSampleRate: 16_000 }))
  }

  override shutdown(): void {
    this.ended++
  }
}

function latest(): Witness {
  if (Witness.latest === undefined) throw new Error('no handler was made')
  return Witness.latest
}

test.serial('a session over a socket has its transport, address and context, and a handler that runs', async (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  const [host, peer] = [new MemoryHost(), new MemoryPeer()]
  const sessions: Session[] = []
  stream.on('session', (session) => sessions.push(session))
  openSocket(stream, socketRequest('a'), peer, host)
  t.deepEqual(peer.told, ['open'])
  host.connect().hear(new Int16Array(320))
  await settle()
  const { seen, context, channel } = latest()
  t.deepEqual(seen, ['start phone:false args:"not_set"', 'audio 16000 320'])
  t.like(context, { webrtcId: 'a' })
  t.true((context as Context).websocket instanceof HandlerSocket)
  t.not(channel, null, 'messages can be sent from the beginning')
  const [session] = sessions
  t.is(session, stream.sessions.get('a'))
  t.like(session, { id: 'a', transport: 'websocket', remoteAddress: '192.0.2.1', state: 'connected' })
  t.deepEqual(host.link.wire, { encoding: 'mulaw', inputSampleRate: 16_000, outputSampleRate: 24_000, leadMs: 60 })
  t.is(host.settings[0]?.outputChannels, 1)
})

test.serial('a telephone puts its handler in phone mode, with its arguments, before anything runs', async (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  const host = new MemoryHost()
  const request = socketRequest('a', { transport: 'telephone', sampleRate: 8000, args: ['to', 7] })
  openSocket(stream, request, new MemoryPeer(), host)
  host.connect()
  await settle()
  t.deepEqual(latest().seen, ['start phone:true args:["__webrtc_value__","to",7]'])
  t.is(stream.sessions.get('a')?.transport, 'telephone')
  t.like(host.link.wire, { inputSampleRate: 8000, outputSampleRate: 8000 })
})

test.serial('messages reach the far end in order, and what follows the start waits for the session', (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  const [host, peer] = [new MemoryHost(), new MemoryPeer()]
  const socket = new MemorySocket()
  openSocket(stream, socketRequest('a', { socket }), peer, host)
  t.is(socket.holds, 1)
  host.connect()
  stream.sessions.get('a')?.sendMessage('hello')
  stream.updateConnection('a', 'closed')
  t.deepEqual(peer.told, ['open', 'hello', '{"type":"update_connection","data":"closed"}'])
})

test.serial('what the far end acts on by way of JavaScript reaches its media', (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  const host = new MemoryHost()
  const socket = openSocket(stream, socketRequest('a'), new MemoryPeer(), host)
  host.connect()
  socket.receive(Uint8Array.of(1))
  socket.receive(Uint8Array.of(2), 7)
  socket.acknowledge(3)
  socket.marked('p4')
  const { received, acknowledged, returned } = host.link
  t.deepEqual(
    [received, acknowledged, returned],
    [
      [
        [Uint8Array.of(1), undefined],
        [Uint8Array.of(2), 7],
      ],
      [3],
      ['p4'],
    ],
  )
})

test.serial('outputs, inputs and errors work over a socket', async (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  const [host, peer] = [new MemoryHost(), new MemoryPeer()]
  stream.on('error', () => undefined)
  openSocket(stream, socketRequest('a'), peer, host)
  host.connect()
  await settle()
  t.true(stream.setInput('a', 'x'))
  t.deepEqual(latest().latestArgs, ['__webrtc_value__', 'x'])
  latest().next = new AdditionalOutputs('seen')
  host.link.hear(new Int16Array(320))
  t.deepEqual((await stream.fetchLatestOutput('a')).args, ['seen'])
  t.is(peer.told.at(-1), '{"type":"fetch_output","data":[]}')
  latest().next = 'nonsense' as never
  host.link.hear(new Int16Array(320))
  await settle()
  const types = peer.told.map((message) => String(message)).filter((message) => message.startsWith('{'))
  t.true(
    types.some((message) => message.startsWith('{"type":"error"')),
    JSON.stringify(types),
  )
})

test.serial('a CloseStream plays its audio out, says so, and ends the session', async (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  const [host, peer] = [new MemoryHost(), new MemoryPeer()]
  openSocket(stream, socketRequest('a'), peer, host)
  const link = host.connect()
  await settle()
  latest().next = [[24_000, new Int16Array(480)], new CloseStream('bye')]
  link.hear(new Int16Array(320))
  await settle()
  t.is(peer.ended, undefined, 'its audio is still to be heard')
  link.play(20)
  t.is(peer.told.at(-1), '{"type":"end_stream","data":"bye"}')
  t.is(peer.ended, 'close_stream')
  t.is(stream.sessions.size, 0)
})

test.serial('a far end that goes ends its session at once, and is told no more', async (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  const [host, peer] = [new MemoryHost(), new MemoryPeer()]
  const reasons: string[] = []
  stream.on('session:closed', (_, reason) => reasons.push(reason))
  const socket = openSocket(stream, socketRequest('a'), peer, host)
  host.connect()
  socket.end()
  socket.end()
  await settle()
  t.deepEqual(reasons, ['peer'])
  t.is(latest().ended, 1, 'shutdown() is called once')
  t.is(stream.sessions.size, 0)
  t.deepEqual([peer.ended, peer.told], [undefined, ['open']])
  socket.receive(Uint8Array.of(1))
  socket.message('late')
  t.deepEqual(host.link.received, [])
})

test.serial('sockets and offers share ids and the limit', async (t) => {
  const { stream } = quietStream(t, { handler: new Witness(), concurrencyLimit: 2 })
  const host = new MemoryHost()
  const ask = (id: string, remoteAddress = '192.0.2.1'): unknown => {
    const peer = new MemoryPeer()
    openSocket(stream, socketRequest(id, { remoteAddress }), peer, host)
    return peer.refused?.meta ?? 'open'
  }
  t.is(ask('a'), 'open')
  t.deepEqual(ask('a'), { error: 'connection_already_exists' })
  t.like(await stream.offer(offerBody('a')), { meta: { error: 'connection_already_exists' } })
  t.is(ask('b', '192.0.2.2'), 'open')
  t.deepEqual(ask('c', '192.0.2.3'), { error: 'concurrency_limit_reached', limit: 2 }, 'whether media flow or not')
  t.like(await stream.offer(offerBody('c')), { meta: { error: 'concurrency_limit_reached', limit: 2 } })
  const candidate = { type: 'ice-candidate', webrtc_id: 'a', candidate: { candidate: '', sdpMid: '0' } }
  t.like(await stream.offer(candidate), { meta: { error: 'unknown_connection' } }, 'a socket has no candidates')
  stream.sessions.get('a')?.close()
  t.is(ask('c'), 'open', 'a place is free at once')
})

test.serial('an offer that was never connected gives way to a socket that knows its session id', async (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  const host = new MemoryHost()
  await stream.offer(offerBody('a', { sessionId: '42' }), { remoteAddress: '192.0.2.1' })
  const offered = latest()
  const strangers = [undefined, '', '4', '-'].map((replaces) => {
    const peer = new MemoryPeer()
    openSocket(stream, socketRequest('a', { replaces }), peer, host)
    return peer.refused?.meta.error
  })
  t.deepEqual(strangers, Array<string>(4).fill('connection_already_exists'))
  t.is(offered.ended, 0)
  const peer = new MemoryPeer()
  openSocket(stream, socketRequest('a', { replaces: '42' }), peer, host)
  t.deepEqual(peer.told, ['open'])
  t.is(stream.sessions.get('a')?.transport, 'websocket')
  t.is(offered.ended, 1)
  const again = new MemoryPeer()
  openSocket(stream, socketRequest('a', { replaces: '42' }), again, host)
  t.is(again.refused?.meta.error, 'connection_already_exists', 'a socket gives way to none')
})

test.serial('a stream with video refuses sockets, and says what helps', (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  for (const modality of ['video', 'audio-video'] as const) {
    const [settings, registry, peer] = [{ ...stream.options, modality }, new SessionRegistry(1), new MemoryPeer()]
    const listener = { onSession: () => t.fail(), onError: () => t.fail() }
    const desk = new SocketDesk(settings, registry, new Admission(settings, registry, listener), listener)
    desk.open(socketRequest('a'), peer, new MemoryHost())
    t.like(peer.refused?.meta, { error: 'modality_not_supported' })
    t.regex(peer.refused?.meta.message ?? '', /WebRTC/)
    t.is(registry.sessions.size, 0)
  }
})

test.serial('the media of a client that only listens are told so', (t) => {
  const tones = function* (): Generator<EmitType> {
    yield null
  }
  const { stream } = quietStream(t, { handler: tones, modality: 'audio', mode: 'receive' })
  const host = new MemoryHost()
  openSocket(stream, socketRequest('a'), new MemoryPeer(), host)
  t.is(host.settings[0]?.mode, 'receive')
})

test.serial('a stream that is closed takes no socket', async (t) => {
  const { stream } = quietStream(t, { handler: new Witness() })
  const [host, open, late] = [new MemoryHost(), new MemoryPeer(), new MemoryPeer()]
  openSocket(stream, socketRequest('a'), open, host)
  host.connect()
  await stream.close()
  t.is(open.ended, 'The stream was closed')
  openSocket(stream, socketRequest('b'), late, host)
  t.is(late.refused?.meta.error, 'connection_closed')
})

test.serial('a socket whose media fail is refused, and holds no place', async (t) => {
  const { stream, log } = quietStream(t, { handler: new Witness() })
  stream.on('error', () => undefined)
  const peer = new MemoryPeer()
  const broken = {
    openSocket(): never {
      throw new Error('no threads at 192.0.2.9')
    },
  }
  openSocket(stream, socketRequest('a'), peer, broken)
  await settle()
  t.like(peer.refused, { status: 'failed', meta: { error: 'server_error' } })
  t.notRegex(JSON.stringify(peer.refused), /192\.0\.2\.9/)
  t.regex(log.lines.join('\n'), /no threads/)
  t.deepEqual([peer.ended, stream.sessions.size, latest().ended], [undefined, 0, 1])
})
