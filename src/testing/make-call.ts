import { randomInt, randomUUID } from 'node:crypto'
import { NegotiationError, TimeoutError } from '../errors.ts'
import type { DuplexFunction } from '../driver/duplex-handler.ts'
import type { AudioVideoEmitFunction } from '../driver/audio-video-generator-handler.ts'
import type { EmitFunction } from '../driver/generator-handler.ts'
import type { VideoEmitFunction } from '../driver/video-generator-handler.ts'
import { channelsOf, type Layout } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'
import type { VideoFunction } from '../handlers/video-stream-handler.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import type { MediaHost } from '../native/host.ts'
import { ServerAddresses } from '../native/server-addresses.ts'
import { TestPeer } from '../native/test-peer.ts'
import type { Session } from '../session/session.ts'
import type { OfferResult } from '../signaling/offer-result.ts'
import { modalityOf } from '../stream/check-handler.ts'
import { checkInteger, checkObject, checkWord, wrongType } from '../stream/checks.ts'
import { offerThrough, StreamBase } from '../stream/stream-base.ts'
import type { CommonOptions, Handler, Modality, Mode, StreamBaseOptions } from '../stream/stream-options.ts'
import { WorkerHandler } from '../workers/worker-handler.ts'
import { CallerLog } from './caller-log.ts'
import { NETWORK_OPTIONS, type NetworkOptions, peerNetwork } from './network.ts'
import { type Pace, RealPace, VirtualPace } from './pace.ts'
import { makeTestCall, type TestCall } from './test-call.ts'
import { VirtualClock } from './virtual-clock.ts'

/** How a handler is called. */
export interface TestCallOptions extends NetworkOptions {
  /** `'memory'` (default): no network, and time is the test's. `'udp'`: real UDP, in real time. */
  over?: 'memory' | 'udp'
  /**
   * In memory alone: `'virtual'` (default), where ten seconds of audio take a fraction of a second; or `'real'`, where they take
   * ten seconds, for handlers that wait for something real. Either way time passes only while the test awaits the call.
   */
  clock?: 'virtual' | 'real'
  /** Of all that is random about the network: an integer from 0 to 4,294,967,295. By default another one each time. */
  seed?: number
  /** In which layout the caller speaks and hears; `'mono'` by default. */
  layout?: Layout
  /** Of a handler that is no stream: which way media goes, as the caller sees it; `'send-receive'` by default. */
  mode?: Mode
  /** Of a function, or a handler on worker threads: what kinds of media the call has; `'audio'` by default. */
  modality?: Modality
  /**
   * Of a handler that is no stream: options of the stream that is made for it, such as `timeLimit`; `mode` and `modality` are
   * given beside it.
   */
  stream?: CommonOptions
  /** The id of the caller's connection; by default a new one. */
  id?: string
  /**
   * In memory: called when so many whole ms have passed, for fake timers that a handler waits for:
   * `(ms) => mock.timers.tick(ms)` of `node:test`, `(ms) => vi.advanceTimersByTime(ms)` of Vitest.
   */
  onTime?: (ms: number) => void
}

/** How long a call may take to connect, in ms. */
const CONNECT_MS = 15_000
const MAX_SEED = 0xffff_ffff

/** Says nothing: what goes wrong is among a call's errors. */
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** Options for calling a handler that the caller is heard by. */
export interface ConversationCallOptions extends TestCallOptions {
  /** `'send-receive'` by default. */
  mode?: 'send-receive' | 'send'
}

/** Options for calling a video function. */
export interface VideoCallOptions extends ConversationCallOptions {
  /** Always given, for a function is taken for a duplex function without it. */
  modality: 'video'
}

/** Options for calling a generator function, to which the caller only listens. */
export interface BroadcastCallOptions extends TestCallOptions {
  /** Always given. */
  mode: 'receive'
}

/**
 * Calls a handler, as a browser would, but without one: its copy runs in this process, unchanged.
 *
 * @param subject - a handler of any kind, or a stream, whose options then hold. A `WorkerHandler`, whose thread has a time of
 * its own, needs `clock: 'real'` or `over: 'udp'`
 * @param options - what the network does, and what time is
 * @returns the call, connected, with an open data channel; until then the network does nothing but take its `latencyMs`
 * @throws TypeError or RangeError naming what can't be used, NegotiationError when the stream refuses the call, or the
 * stream's own fault when it does so for that (such as InvalidCopyError), TimeoutError when it doesn't connect,
 * AddonMissingError
 */
export function testCall(
  subject: StreamBase | StreamHandlerBase | DuplexFunction<Session> | WorkerHandler,
  options?: ConversationCallOptions,
): Promise<TestCall>
/**
 * Calls a video function.
 *
 * @param subject - the function
 * @param options - with `modality: 'video'`
 * @returns the call, connected
 * @throws as above
 */
export function testCall(subject: VideoFunction, options: VideoCallOptions): Promise<TestCall>
/**
 * Calls a generator function.
 *
 * @param subject - the function
 * @param options - with `mode: 'receive'`, and the `modality` of what it yields unless that is audio
 * @returns the call, connected
 * @throws as above
 */
export function testCall(
  subject: EmitFunction | VideoEmitFunction | AudioVideoEmitFunction,
  options: BroadcastCallOptions,
): Promise<TestCall>
export async function testCall(subject: Handler | StreamBase, options: TestCallOptions = {}): Promise<TestCall> {
  const { seed, layout = 'mono', over = 'memory' } = checkOptions(options)
  const network = peerNetwork(options, seed)
  const stream = subject instanceof StreamBase ? checkStream(subject, options) : makeStream(subject, options)
  if (over === 'memory' && options.clock !== 'real') refuseWorker(stream)
  const { modality, mode, media } = stream.options
  const serverAddress = over === 'udp' ? { serverAddress: media.bindAddress } : {}
  const calm = { ...peerNetwork({}, seed), latencyMs: network.latencyMs }
  const peer = await TestPeer.make({
    mode,
    audio: modality !== 'video',
    video: modality !== 'audio',
    channels: channelsOf(layout),
    seed,
    network: calm,
    ...serverAddress,
  })
  const ownsStream = stream !== subject
  try {
    const log = new CallerLog(peer, layout)
    const clock = new VirtualClock(() => peer.nowMs)
    const pace =
      over === 'udp' ? new RealPace() : new VirtualPace(peer, clock, options.clock === 'real', options.onTime)
    const id = options.id ?? randomUUID()
    const session = await connect(stream, peer, pace, over === 'udp' ? undefined : clock, id)
    const call = makeTestCall({ peer, log, pace, session, stream, ownsStream, seed, network })
    await untilConnected(peer, pace, session)
    log.start()
    peer.setNetwork(network)
    return call
  } catch (error) {
    peer.end()
    if (ownsStream) await stream.close()
    throw error
  }
}

function checkOptions(options: TestCallOptions): TestCallOptions & { seed: number } {
  const names = ['over', 'clock', 'seed', 'layout', 'mode', 'modality', 'stream', 'id', 'onTime']
  checkObject('', options, [...names, ...NETWORK_OPTIONS])
  const { over, clock, layout, onTime, seed = randomInt(MAX_SEED) } = options
  if (over !== undefined) checkWord('over', over, ['memory', 'udp'])
  if (clock !== undefined) checkWord('clock', clock, ['virtual', 'real'])
  if (layout !== undefined) checkWord('layout', layout, ['mono', 'stereo'])
  if (onTime !== undefined && typeof onTime !== 'function') throw wrongType('onTime', 'a function', onTime)
  if (options.id !== undefined && typeof options.id !== 'string') throw wrongType('id', 'a string', options.id)
  if (over === 'udp') refuseOverUdp(options)
  refuseInStream(options.stream)
  return { ...options, seed: checkInteger('seed', seed, [0, MAX_SEED]) }
}

/** Real time can't be told what to do. */
function refuseOverUdp({ clock, onTime }: TestCallOptions): void {
  const remedy = "leave it out, or leave out over: 'udp'"
  if (clock === 'virtual')
    throw new TypeError(`The option clock can't be 'virtual' over UDP, where time is real: ${remedy}`)
  if (onTime !== undefined)
    throw new TypeError(`The option onTime is never called over UDP, where time is real: ${remedy}`)
}

/** What the call says itself. */
function refuseInStream(stream: unknown): void {
  if (stream === undefined) return
  const options = checkObject('stream', stream)
  if ('handler' in options)
    throw new TypeError(`The option stream.handler can't be: the handler is what is called, testCall's first argument`)
  const twice = ['mode', 'modality'].find((name) => name in options)
  if (twice !== undefined) throw new TypeError(`The option stream.${twice} can't be: give ${twice} beside stream`)
}

/** A stream has its options already. */
function checkStream(stream: StreamBase, options: TestCallOptions): StreamBase {
  if (options.stream !== undefined)
    throw new TypeError(
      'The option stream is for a handler that is called, and a stream is: give it its options itself',
    )
  for (const name of ['mode', 'modality'] as const) {
    const [given, own] = [options[name], stream.options[name]]
    if (given === undefined || given === own) continue
    throw new TypeError(`The option ${name} can't be ${describe(given)}: the stream's own is '${own}'; leave it out`)
  }
  return stream
}

function makeStream(handler: Handler, options: TestCallOptions): StreamBase {
  const { mode = 'send-receive', modality = modalityUnsaid(handler), stream = {} } = options
  const { media: given = {} } = stream
  const media = { bindAddress: '127.0.0.1', ...checkObject('stream.media', given) }
  return new StreamBase({ modality, logger: quiet, ...stream, handler, mode, media } as StreamBaseOptions)
}

/** A function is one of audio here, as it is without video in most programs; a handler's class says what it is. */
function modalityUnsaid(handler: Handler): Modality {
  return typeof handler === 'function' ? 'audio' : modalityOf(handler)
}

function refuseWorker(stream: StreamBase): void {
  if (!(stream.options.handler instanceof WorkerHandler)) return
  throw new TypeError("A WorkerHandler can't follow virtual time from its thread: give clock: 'real' or over: 'udp'")
}

/** Offers, and lets time pass until the offer is answered. */
async function connect(
  stream: StreamBase,
  peer: TestPeer,
  pace: Pace,
  clock: VirtualClock | undefined,
  id: string,
): Promise<Session> {
  const body = { sdp: peer.offer(), type: 'offer', webrtc_id: id }
  // A caller isn't told of the stream's own faults; a test is.
  let fault: Error | undefined
  const keep = (error: Error): void => void (fault ??= error)
  stream.on('error', keep)
  const settled = clock === undefined ? stream.offer(body) : offerThrough(stream, body, {}, handHost(peer, clock))
  let isSettled = false
  const settle = (): void => void (isSettled = true)
  settled.then(settle, settle)
  await pace.pass(CONNECT_MS, () => isSettled).finally(() => stream.off('error', keep))
  const result = await settled
  if ('sdp' in result) peer.answered(result.sdp)
  else throw fault ?? new NegotiationError(...refusalOf(result))
  const session = stream.sessions.get(id)
  if (session === undefined) throw new NegotiationError('connection_closed', 'The session ended at once')
  return session
}

/** Runs the media of one session as its peer's time passes. */
function handHost(peer: TestPeer, clock: VirtualClock): MediaHost {
  const serverAddresses = new ServerAddresses(() => false)
  return { serverAddresses, accept: (_, settings, sdp) => peer.accept(settings, sdp, clock) }
}

function refusalOf(result: OfferResult): [reason: string, message: string] {
  if (!('meta' in result)) return ['server_error', 'The stream gave no answer']
  const { error, message } = result.meta
  return [error, `The stream refused the call: ${message ?? error}`]
}

async function untilConnected(peer: TestPeer, pace: Pace, session: Session): Promise<void> {
  const isConnected = (): boolean => peer.channelIsOpen && session.state !== 'connecting'
  const isDone = await pace.pass(CONNECT_MS, isConnected)
  if (!isDone) throw new TimeoutError(`The call did not connect within 15 s; its session is ${session.state}`)
}
