import type { AudioVideoEmitFunction } from '../driver/audio-video-generator-handler.ts'
import type { DuplexFunction } from '../driver/duplex-handler.ts'
import type { EmitFunction } from '../driver/generator-handler.ts'
import type { VideoEmitFunction } from '../driver/video-generator-handler.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import type { VideoFunction } from '../handlers/video-stream-handler.ts'
import type { Logger } from '../session/logger.ts'
import type { Session } from '../session/session.ts'
import type { WorkerHandler } from '../workers/worker-handler.ts'
import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import type { MediaOptions, MediaSettings } from './media-options.ts'
import type { InputDescription } from './input-descriptions.ts'
import type { OutputDescription } from './output-descriptions.ts'
import type { UiOptions } from './page-options.ts'

/** What kinds of media a stream carries. */
export type Modality = 'audio' | 'video' | 'audio-video'

/** Which way media goes, as the client sees it: both ways, from client to server, or from server to client. */
export type Mode = 'send-receive' | 'send' | 'receive'

/**
 * What serves a stream's connections: a handler, whose `copy()` is called for each of them; a function, whose kind is decided by
 * modality and mode; or a `WorkerHandler`, which runs either on worker threads.
 */
export type Handler =
  | StreamHandlerBase
  | WorkerHandler
  | DuplexFunction<Session>
  | VideoFunction
  | EmitFunction
  | VideoEmitFunction
  | AudioVideoEmitFunction

/** A configuration, or a function that makes a fresh one for a request. */
export type RtcConfigurationSource =
  RtcConfiguration | ((request: Request | undefined) => RtcConfiguration | Promise<RtcConfiguration>)

/** `MediaTrackConstraints` of the Media Capture standard, as plain JSON. */
export type TrackConstraints = Readonly<Record<string, unknown>>

/** Constraints of one's own for each kind of track; for the modality `'audio-video'` no others are taken. */
export interface TrackConstraintsByKind {
  /** Of the microphone. */
  audio?: TrackConstraints
  /** Of the camera. */
  video?: TrackConstraints
}

/** Parameters for the senders of the page and of clients (`RTCRtpEncodingParameters` and its like). */
export interface RtpParams {
  /** Bit/s; the server's own encoders keep to it too. For pictures at least 30,000. */
  maxBitrate?: number
  /** Frames a second, up to 1,000; the server leaves out what is emitted beyond it. */
  maxFramerate?: number
  /** 1 or more. */
  scaleResolutionDownBy?: number
  /** What gives when bandwidth is short. */
  degradationPreference?: 'maintain-framerate' | 'maintain-resolution' | 'balanced'
  /** Against other streams of the client. */
  priority?: 'very-low' | 'low' | 'medium' | 'high'
}

/**
 * Makes the values of `additionalOutputs` that the page shows: a list with one for each, or a promise of it. It is called on
 * the server for each `AdditionalOutputs` of a session, one after the other, with the values that it returned last (at first
 * `null`, and `[]` for a chat) and then the handler's arguments.
 */
export type OutputsHandler = (current: readonly unknown[], ...outputArgs: unknown[]) => unknown

/** Options of a stream. Only `handler` is needed; which one may be given is decided by `modality` and `mode`. */
export type StreamBaseOptions = CommonOptions & (ConversationOptions | BroadcastOptions)

/** What serves connections on which the client is heard or seen. */
export type ConversationOptions = HandlerOption | DuplexOption | VideoFunctionOption

/** What serves connections on which the client only listens or watches. */
export type BroadcastOptions = AudioBroadcastOption | VideoBroadcastOption | AudioVideoBroadcastOption

/** A handler of a class, or one on worker threads. */
export interface HandlerOption {
  /** Its `copy()` is called for each connection. */
  handler: StreamHandlerBase | WorkerHandler
  /** What the handler's class says; must be given for a `WorkerHandler` that isn't one of audio. */
  modality?: Modality
  /** `'send-receive'` by default; `'receive'` for a `WorkerHandler` of a generator function, or with `'audio-video'`. */
  mode?: Mode
}

/** A duplex function. */
export interface DuplexOption {
  /** Gets the client's frames, and yields what the client hears. */
  handler: DuplexFunction<Session>
  /** Always given, for a function is taken for video without it. */
  modality: 'audio'
  /** `'send-receive'` by default. */
  mode?: 'send-receive' | 'send'
}

/** A video function. */
export interface VideoFunctionOption {
  /** Gets each picture of the client, and returns what the client sees. */
  handler: VideoFunction
  /** `'video'` by default. */
  modality?: 'video'
  /** `'send-receive'` by default. */
  mode?: 'send-receive' | 'send'
}

/** A generator function of audio. */
export interface AudioBroadcastOption {
  /** Gets the additional arguments, and yields what the client hears. */
  handler: EmitFunction
  /** Always given, for a function is taken for video without it. */
  modality: 'audio'
  /** Always given. */
  mode: 'receive'
}

/** A generator function of pictures. */
export interface VideoBroadcastOption {
  /** Gets the additional arguments, and yields what the client sees, at most `rtpParams.maxFramerate` (30) a second. */
  handler: VideoEmitFunction
  /** `'video'` by default. */
  modality?: 'video'
  /** Always given. */
  mode: 'receive'
}

/** A generator function of audio and pictures. */
export interface AudioVideoBroadcastOption {
  /**
   * Gets the additional arguments, and yields what the client hears and sees, each at its own pace: up to 8 pictures wait for
   * audio that is yielded behind them, and up to 16 chunks of audio for a picture.
   */
  handler: AudioVideoEmitFunction
  /** Always given. */
  modality: 'audio-video'
  /** Always given. */
  mode: 'receive'
}

/** Options of a stream, whatever its mode. */
export interface CommonOptions {
  /** How many sessions there may be at once: a positive integer or `Infinity`; 1 by default. */
  concurrencyLimit?: number
  /** A session ends that many seconds after it connected; by default it doesn't. */
  timeLimit?: number
  /** Seconds from the offer to the connection; 30 by default. */
  connectTimeout?: number
  /** Whether tracks of other kinds in an offer are left unanswered; by default (false) such an offer is refused. */
  allowExtraTracks?: boolean
  /** For the senders of the page and of clients. */
  rtpParams?: RtpParams
  /** For the browser's ICE; served at `GET /webrtc/config`. */
  rtcConfiguration?: RtcConfigurationSource
  /** For the server's own ICE: STUN servers, and TURN servers that are spoken to over UDP. By default none. */
  serverRtcConfiguration?: RtcConfigurationSource
  /** For the page and clients: of the audio, or one each for audio and video. */
  trackConstraints?: TrackConstraints | TrackConstraintsByKind
  /** Inputs that the page shows and passes to the handler as additional arguments. */
  additionalInputs?: readonly InputDescription[]
  /** Outputs that the page shows; needs `additionalOutputsHandler`. */
  additionalOutputs?: readonly OutputDescription[]
  /** Makes of emitted outputs what the page shows. */
  additionalOutputsHandler?: OutputsHandler
  /** The built-in page. */
  ui?: UiOptions
  /** The media engine. */
  media?: MediaOptions
  /** Default: `warn` and `error` to stderr. */
  logger?: Logger
}

/** {@link StreamBaseOptions}, checked and completed. */
export interface StreamSettings {
  /** What serves the connections. */
  readonly handler: Handler
  /** What kinds of media it carries. */
  readonly modality: Modality
  /** Which way media goes. */
  readonly mode: Mode
  /** How many sessions there may be at once. */
  readonly concurrencyLimit: number
  /** Seconds; `Infinity` for no limit. */
  readonly timeLimit: number
  /** Seconds. */
  readonly connectTimeout: number
  /** Whether tracks of other kinds are left unanswered. */
  readonly allowExtraTracks: boolean
  /** For senders. */
  readonly rtpParams: RtpParams
  /** For the browser's ICE. */
  readonly rtcConfiguration: RtcConfigurationSource
  /** For the server's own ICE. */
  readonly serverRtcConfiguration: RtcConfigurationSource
  /** For the page and clients. */
  readonly trackConstraints: TrackConstraints | TrackConstraintsByKind
  /** Inputs that the page shows. */
  readonly additionalInputs: readonly InputDescription[]
  /** Outputs that the page shows. */
  readonly additionalOutputs: readonly OutputDescription[]
  /** Makes of emitted outputs what the page shows. */
  readonly additionalOutputsHandler: OutputsHandler | undefined
  /** The built-in page. */
  readonly ui: UiOptions
  /** The media engine. */
  readonly media: MediaSettings
  /** Where to write what an operator may want to read. */
  readonly logger: Logger
}
