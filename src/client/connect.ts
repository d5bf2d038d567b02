/**
 * Parley's browser module: a call with a server, in one function. It has no dependency.
 *
 * @module
 */
import { Connection } from './connection.ts'
import type { ConnectionEvents, ConnectionParts } from './connection.ts'
import { openMicrophone } from './microphone.ts'
import { Signaling } from './signaling.ts'
import { stopTracks } from './voice.ts'
import { WebRtcTransport } from './webrtc/webrtc-transport.ts'
import type { ClientConfiguration } from './wire.ts'

export {
  ClientError,
  ConnectionClosedError,
  ConnectTimeoutError,
  MicrophoneError,
  RefusedError,
  UnreachableError,
} from './errors.ts'
export type { MicrophoneProblem } from './errors.ts'
export { Connection } from './connection.ts'
export type { Closing, ConnectionEvents, ConnectionState } from './connection.ts'
export { Emitter } from './emitter.ts'
export type { Levels } from './levels.ts'
export { listMicrophones } from './microphone.ts'
export type { Microphone } from './microphone.ts'
export type { CallStats } from './statistics.ts'
export type {
  ClientConfiguration,
  Mode,
  PageInput,
  PageInputOption,
  PageOutput,
  PageSettings,
  RtpParams,
  ServerMessage,
} from './wire.ts'

/** Where to connect, with what, and what to do with what comes. */
export interface ConnectOptions {
  /** Where the server's routes are mounted, such as `'/voice'`. Default: the folder of the page's own address. */
  readonly url?: string | URL
  /**
   * What is sent: the microphone (`true`, default) with the server's constraints, constraints of your own, a stream that
   * has an audio track, or nothing (`false`). In `receive` mode nothing is sent anyway.
   */
  readonly media?: boolean | MediaTrackConstraints | MediaStream
  /** Which microphone: one of {@link listMicrophones}. Default: the one that the browser takes by itself. */
  readonly deviceId?: string
  /** What plays the server's audio. Default: an element of its own, outside of the page; null plays nothing. */
  readonly player?: HTMLAudioElement | null
  /** For `new RTCPeerConnection`, in place of the server's. */
  readonly rtcConfiguration?: RTCConfiguration
  /** Headers for the requests to the server, such as a token of your own. */
  readonly headers?: HeadersInit
  /** Whether cookies go along to a server of another origin. Default `'same-origin'`. */
  readonly credentials?: RequestCredentials
  /** The call's `webrtc_id`, when the page has to know it before. Default: a random one that can't be guessed. */
  readonly id?: string
  /** Seconds from the first request until audio flows. Default 30. */
  readonly timeoutSeconds?: number
  /** Gives up while connecting. */
  readonly signal?: AbortSignal
  /** Called at every change of the state. */
  readonly onState?: (state: ConnectionEvents['state']) => void
  /** Called with every message of the server. */
  readonly onMessage?: (message: ConnectionEvents['message']) => void
  /** Called 20 times a second with how loud both sides are, once connected. */
  readonly onLevels?: (levels: ConnectionEvents['levels']) => void
  /** Called once a second with how well the call goes. */
  readonly onStats?: (stats: ConnectionEvents['stats']) => void
  /** Called at the end of a call that was connected. */
  readonly onClosed?: (closing: ConnectionEvents['closed']) => void
}

/**
 * Connects to a Parley server, with the microphone unless told otherwise, and plays what it says.
 *
 * ```ts
 * const call = await connect({ url: '/voice', onMessage: (message) => console.log(message) })
 * ```
 *
 * Call it from a click: browsers ask for the microphone and play sound more willingly then.
 *
 * @param options - whatever differs from the defaults
 * @returns the call, connected
 * @throws MicrophoneError, RefusedError, UnreachableError or ConnectTimeoutError, each with a message for the person in
 * front of the page; the signal's reason when it was aborted; RangeError for a time-out that is none, and what the browser
 * throws for a configuration that it can't use
 */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  const timeoutSeconds = checkTimeout(options.timeoutSeconds ?? 30)
  const id = options.id ?? randomId()
  const signaling = new Signaling(requestSettings(options), id)
  const configuration = await signaling.configuration(options.signal)
  const constraints = constraintsOf(options, configuration)
  const microphone = await mediaOf(options, configuration, constraints)
  const connection = construct({
    id,
    transport: (host) =>
      new WebRtcTransport({
        host,
        signaling,
        rtcConfiguration: options.rtcConfiguration ?? configuration.rtcConfiguration ?? {},
        rtpParams: configuration.rtpParams ?? {},
        mode: configuration.mode,
        stream: microphone,
      }),
    microphone,
    constraints,
    ownsMicrophone: !(options.media instanceof MediaStream),
    player: options.player === undefined ? new Audio() : options.player,
  })
  subscribe(connection, options)
  await connection.open(timeoutSeconds, options.signal)
  connection.on('closed', (closing) => options.onClosed?.(closing))
  return connection
}

/**
 * Asks a server what it wants its clients to use, and what its page shows. `connect` does that by itself.
 *
 * @param options - `url`, `headers`, `credentials` and `signal` as for {@link connect}
 * @returns its configuration
 * @throws RefusedError or UnreachableError
 */
export function fetchConfiguration(
  options: Pick<ConnectOptions, 'url' | 'headers' | 'credentials' | 'signal'> = {},
): Promise<ClientConfiguration> {
  return new Signaling(requestSettings(options), '').configuration(options.signal)
}

function requestSettings(options: ConnectOptions): ConstructorParameters<typeof Signaling>[0] {
  const { url = '.', headers = {}, credentials = 'same-origin' } = options
  const base = new URL(url, document.baseURI)
  // Routes are below the mount path, so its last segment must count as a folder.
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return { url: base, headers, credentials }
}

function constraintsOf(options: ConnectOptions, { trackConstraints = {} }: ClientConfiguration): MediaTrackConstraints {
  const { media, deviceId } = options
  const chosen = deviceId === undefined ? {} : { deviceId: { exact: deviceId } }
  if (typeof media === 'object' && !(media instanceof MediaStream)) return { ...media, ...chosen }
  const isByKind = 'audio' in trackConstraints || 'video' in trackConstraints
  const theirs = isByKind ? trackConstraints.audio : (trackConstraints as MediaTrackConstraints)
  return { ...theirs, ...chosen }
}

async function mediaOf(
  { media = true }: ConnectOptions,
  { mode }: ClientConfiguration,
  constraints: MediaTrackConstraints,
): Promise<MediaStream | undefined> {
  if (mode === 'receive' || media === false) return undefined
  return media instanceof MediaStream ? media : openMicrophone(constraints)
}

/** A browser refuses a configuration that it can't use; the microphone is open by then, and must not stay so. */
function construct(parts: ConnectionParts): Connection {
  try {
    return new Connection(parts)
  } catch (error) {
    if (parts.microphone && parts.ownsMicrophone) stopTracks(parts.microphone)
    throw error
  }
}

/** Timers count milliseconds in 31 bits. */
function checkTimeout(seconds: number): number {
  if (typeof seconds === 'number' && seconds > 0 && seconds <= 2_147_483) return seconds
  throw new RangeError(
    `The option timeoutSeconds must be a number above 0 and at most 2,147,483, not ${String(seconds)}`,
  )
}

function subscribe(connection: Connection, options: ConnectOptions): void {
  if (options.onState) connection.on('state', options.onState)
  if (options.onMessage) connection.on('message', options.onMessage)
  if (options.onLevels) connection.on('levels', options.onLevels)
  if (options.onStats) connection.on('stats', options.onStats)
}

/** 128 random bits in hexadecimal. `crypto.randomUUID` needs a secure context, this doesn't. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
