/**
 * Parley's browser module: a call with a server, in one function. It has no dependency.
 *
 * @module
 */
import { unlessAborted } from './abort.ts'
import { Connection } from './connection.ts'
import type { ConnectionEvents, ConnectionParts } from './connection.ts'
import { checkOptions } from './check-options.ts'
import { openDevices } from './devices.ts'
import type { Wanted } from './devices.ts'
import { makeTransport } from './make-transport.ts'
import type { TransportChoice, TransportSettings } from './make-transport.ts'
import { constraintsFor, kindsOf, wantedOf } from './media-request.ts'
import type { MediaByKind } from './media-request.ts'
import { openScreen } from './screen.ts'
import { Signaling } from './signaling.ts'
import type { VideoSource } from './video-sender.ts'
import { stopTracks } from './voice.ts'
import type { ClientConfiguration, CustomMessage } from './wire.ts'

export {
  CameraError,
  ClientError,
  ConnectionClosedError,
  ConnectTimeoutError,
  MicrophoneError,
  RefusedError,
  ScreenError,
  UnreachableError,
} from './errors.ts'
export type { CameraProblem, MicrophoneProblem, ScreenProblem } from './errors.ts'
export { listCameras } from './camera.ts'
export type { Camera } from './camera.ts'
export { Connection } from './connection.ts'
export type { Closing, ConnectionEvents, ConnectionState } from './connection.ts'
export { Emitter } from './emitter.ts'
export type { Levels } from './levels.ts'
export { listMicrophones } from './microphone.ts'
export type { Microphone } from './microphone.ts'
export { canShareScreen } from './screen.ts'
export type { MediaByKind } from './media-request.ts'
export type { CallStats, VideoStats } from './statistics.ts'
export type { TransportChoice } from './make-transport.ts'
export type { TransportKind } from './transport.ts'
export type { VideoSource } from './video-sender.ts'
export type {
  ClientConfiguration,
  CustomMessage,
  Modality,
  Mode,
  PageInput,
  PageInputOption,
  PageOutput,
  PageSettings,
  RtpParams,
  ServerMessage,
} from './wire.ts'

/**
 * Where to connect, with what, and what to do with what comes.
 *
 * @typeParam Custom - messages of the handler's own that arrive beside {@link ServerMessage}s, such as `{ type: 'tool'; n: number }`
 */
export interface ConnectOptions<Custom extends CustomMessage = never> {
  /** Where the server's routes are mounted, such as `'/voice'`. Default: the folder of the page's own address. */
  readonly url?: string | URL
  /**
   * What is sent: what the stream carries, microphone, camera or both (`true`, default), with the server's constraints;
   * constraints of your own, or `{ audio, video }` as for `getUserMedia`; a stream that has the tracks; or nothing (`false`).
   * In `receive` mode nothing is sent anyway.
   */
  readonly media?: boolean | MediaTrackConstraints | MediaByKind | MediaStream
  /** Which microphone: one of {@link listMicrophones}. Default: the one that the browser takes by itself. */
  readonly deviceId?: string
  /** Which camera: one of {@link listCameras}. Default: the one that the browser takes by itself. */
  readonly cameraId?: string
  /** Where the pictures come from: `'screen'` lets the person choose one, a window or a tab. Default `'camera'`. */
  readonly videoSource?: VideoSource
  /**
   * What plays what the server sends: a video element shows its pictures too. Default: for sound an element of its own,
   * outside of the page, and for pictures none; {@link Connection.remoteStream} has both. Null plays nothing.
   */
  readonly player?: HTMLMediaElement | null
  /** What shows the pictures that are sent, without sound. Default none; {@link Connection.preview} has them. */
  readonly preview?: HTMLVideoElement | null
  /**
   * How the server is reached. `'auto'`, the default: by WebRTC, and where that finds no path within 5 s, as behind a
   * firewall that lets no UDP through, or where the browser doesn't have it, by a WebSocket. `'webrtc'` and `'websocket'`
   * take no other way. A WebSocket carries messages and mono audio at 24 kHz, and no pictures; a call that loses it ends,
   * for there is no other path to look for.
   */
  readonly transport?: TransportChoice
  /** For `new RTCPeerConnection`, in place of the server's. */
  readonly rtcConfiguration?: RTCConfiguration
  /** Headers for the requests to the server, such as a token of your own; browsers send none with a WebSocket. */
  readonly headers?: HeadersInit
  /** Whether cookies go along to a server of another origin. Default `'same-origin'`. */
  readonly credentials?: RequestCredentials
  /**
   * The call's `webrtc_id`, when the page has to know it before it is connected, as for `send_input`:
   * `crypto.randomUUID()`. Default: a random one that can't be guessed.
   */
  readonly id?: string
  /** Seconds from the offer until media flow; how long a person takes to allow the microphone doesn't count. Default 30. */
  readonly timeoutSeconds?: number
  /** Gives up while connecting, also while the person is asked for the microphone; what is thrown is its reason. */
  readonly signal?: AbortSignal
  /** Called at every change of the state. */
  readonly onState?: (state: ConnectionEvents['state']) => void
  /** Called with every message of the server: a JSON object with a `type`. */
  readonly onMessage?: (message: ConnectionEvents<Custom>['message']) => void
  /** Called with every other text of the handler's `sendMessage`, as it was sent. */
  readonly onText?: (text: ConnectionEvents['text']) => void
  /** Called 20 times a second with how loud both sides are, once connected. */
  readonly onLevels?: (levels: ConnectionEvents['levels']) => void
  /** Called once a second with how well the call goes. */
  readonly onStats?: (stats: ConnectionEvents['stats']) => void
  /** Called at the end of a call that was connected. */
  readonly onClosed?: (closing: ConnectionEvents['closed']) => void
}

/**
 * Connects to a Parley server, with the microphone and the camera that its stream is for unless told otherwise, and plays
 * what comes.
 *
 * ```ts
 * const call = await connect({ url: '/voice', onMessage: (message) => console.log(message) })
 * const seen = await connect({ url: '/filter', player: document.querySelector('video') })
 * ```
 *
 * Messages of the handler's own have types of their own: `connect<{ type: 'tool'; n: number }>({ onMessage })`.
 *
 * Call it from a click: browsers ask for the microphone and the camera and play sound more willingly then.
 *
 * @param options - whatever differs from the defaults
 * @returns the call, connected
 * @throws MicrophoneError, CameraError, ScreenError, RefusedError, UnreachableError or ConnectTimeoutError, each with a
 * message for the person in front of the page; the signal's reason when it was aborted; TypeError or RangeError naming an option
 * that doesn't exist or can't be used, and what the browser throws for a configuration that it can't use
 */
export async function connect<Custom extends CustomMessage = never>(
  options: ConnectOptions<Custom> = {},
): Promise<Connection<Custom>> {
  checkOptions(options)
  const { id = randomId(), transport: choice = 'auto', videoSource = 'camera', timeoutSeconds = 30 } = options
  const request = requestSettings(options)
  const signaling = new Signaling(request, id)
  const configuration = await signaling.configuration(options.signal)
  const kinds = kindsOf(configuration.modality)
  const constraints = constraintsFor(ownConstraints(options), options, configuration)
  const media = await mediaOf(options, configuration, constraints)
  const settings: TransportSettings = {
    choice,
    id,
    url: request.url,
    signaling,
    rtcConfiguration: options.rtcConfiguration ?? configuration.rtcConfiguration ?? {},
    rtpParams: configuration.rtpParams ?? {},
    mode: configuration.mode,
    kinds,
    stream: media,
  }
  const connection = construct<Custom>({
    id,
    transport: (host) => makeTransport(settings, host),
    media,
    ownsMedia: !(options.media instanceof MediaStream),
    videoSource,
    constraints,
    player: options.player === undefined ? defaultPlayer(kinds) : options.player,
    preview: options.preview ?? null,
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
 * @throws RefusedError or UnreachableError, TypeError naming an option that doesn't exist or can't be used, the signal's
 * reason
 */
export async function fetchConfiguration(
  options: Pick<ConnectOptions, 'url' | 'headers' | 'credentials' | 'signal'> = {},
): Promise<ClientConfiguration> {
  checkOptions(options, ['url', 'headers', 'credentials', 'signal'])
  return new Signaling(requestSettings(options), '').configuration(options.signal)
}

function requestSettings(options: ConnectOptions): ConstructorParameters<typeof Signaling>[0] {
  const { url = '.', headers = {}, credentials = 'same-origin' } = options
  const base = new URL(url, document.baseURI)
  // Routes are below the mount path, so its last segment must count as a folder.
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return { url: base, headers, credentials }
}

function ownConstraints({ media = true }: ConnectOptions): boolean | MediaTrackConstraints | MediaByKind {
  return media instanceof MediaStream || media
}

async function mediaOf(
  options: ConnectOptions,
  { mode }: ClientConfiguration,
  constraints: Wanted,
): Promise<MediaStream | undefined> {
  const { media, videoSource } = options
  if (mode === 'receive') return undefined
  if (media instanceof MediaStream) return media
  const { audio, video } = wantedOf(ownConstraints(options), constraints)
  if (!audio && !video) return undefined
  return unlessGivenUp(
    videoSource === 'screen' && video ? openScene(audio, video) : openDevices({ audio, video }),
    options.signal,
  )
}

/** What the person allows after the page has given up isn't recorded. */
async function unlessGivenUp(opening: Promise<MediaStream>, signal: AbortSignal | undefined): Promise<MediaStream> {
  if (!signal) return opening
  try {
    return await unlessAborted(opening, signal)
  } catch (error) {
    opening.then(stopTracks, () => undefined)
    throw error
  }
}

/** A screen, with a microphone beside it perhaps; one that can't be opened must not leave the screen recorded. */
async function openScene(audio: Wanted['audio'], video: MediaTrackConstraints): Promise<MediaStream> {
  const screen = await openScreen(screenConstraints(video))
  if (!audio) return screen
  try {
    return new MediaStream([...screen.getTracks(), ...(await openDevices({ audio })).getTracks()])
  } catch (error) {
    stopTracks(screen)
    throw error
  }
}

/** What counts for a screen of what was meant for a camera: how many pictures a second. Bounds are refused for a screen. */
function screenConstraints({ frameRate }: MediaTrackConstraints): MediaTrackConstraints {
  return typeof frameRate === 'number' ? { frameRate } : {}
}

/** Pictures alone make no sound. */
function defaultPlayer(kinds: readonly (keyof Wanted)[]): HTMLMediaElement | null {
  return kinds.includes('audio') ? new Audio() : null
}

/** A browser refuses a configuration that it can't use; the devices are open by then, and must not stay so. */
function construct<Custom extends CustomMessage>(parts: ConnectionParts): Connection<Custom> {
  try {
    return new Connection<Custom>(parts)
  } catch (error) {
    if (parts.media && parts.ownsMedia) stopTracks(parts.media)
    throw error
  }
}

function subscribe<Custom extends CustomMessage>(
  connection: Connection<Custom>,
  options: ConnectOptions<Custom>,
): void {
  if (options.onState) connection.on('state', options.onState)
  if (options.onMessage) connection.on('message', options.onMessage)
  if (options.onText) connection.on('text', options.onText)
  if (options.onLevels) connection.on('levels', options.onLevels)
  if (options.onStats) connection.on('stats', options.onStats)
}

/** 128 random bits in hexadecimal. `crypto.randomUUID` needs a secure context, this doesn't. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
