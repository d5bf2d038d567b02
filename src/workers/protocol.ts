import type { MessagePort } from 'node:worker_threads'
import type { TelephoneCall } from '../handlers/telephone-call.ts'
import type { HandlerOptions } from '../handlers/handler-options.ts'
import type { VideoStreamHandlerOptions } from '../handlers/video-stream-handler.ts'
import type { Logger } from '../session/logger.ts'
import type { Transport } from '../session/session.ts'
import type { HandlerPurpose } from '../stream/handler-source.ts'
import type { SpeechNews } from '../turn-taking/turn.ts'
import type { WireError } from './wire-error.ts'

/** What a thread is started with. */
export interface ThreadSetup {
  /** The handler's module. */
  readonly url: string
  /** What its class is constructed with. */
  readonly args: readonly unknown[]
  /** What it is for. */
  readonly purpose: HandlerPurpose
}

/** What a thread gets of the main thread when it starts. */
export interface ThreadStart extends ThreadSetup {
  /** By which the two speak. The handler's module has the thread's `parentPort` to itself. */
  readonly port: MessagePort
}

/** How a handler wants its media. The main thread has to know it before the first offer. */
export type HandlerSettings = Required<
  Pick<HandlerOptions, 'expectedLayout' | 'inputSampleRate' | 'outputSampleRate' | 'fps'> &
    Pick<VideoStreamHandlerOptions, 'skipFrames'>
>

/** Begins a session on a thread. */
export interface AttachMessage {
  readonly type: 'attach'
  /** By which the session is attached, and named in all messages. */
  readonly key: number
  /** The id that the client chose. */
  readonly id: string
  /** How the client reaches the server. */
  readonly transport: Transport
  /** The telephone call that it serves. */
  readonly call: TelephoneCall | undefined
  /** The client's address, until media tells it. */
  readonly remoteAddress: string | undefined
  /** What its copy of the handler must be like, for its media was made so. */
  readonly settings: HandlerSettings
  readonly phoneMode: boolean
  /** Arguments that came before. */
  readonly args: 'not_set' | unknown[]
  readonly outputTargetMs: number
  readonly muted: boolean
}

/** What happened to a session that its handler may listen for. */
export type RelayedEvent =
  | { name: 'connected' | 'disconnected' }
  | { name: 'message'; text: string }
  | { name: 'dtmf'; digit: string; durationMs: number }
  | { name: 'played'; mark: number; playedMs: number; lengthMs: number }

/** What the main thread tells a thread of a session, after `attach`. */
export type ToSession =
  | { readonly type: 'start' | 'halt' | 'channel'; readonly key: number }
  | { readonly type: 'args'; readonly key: number; readonly args: unknown[] }
  | { readonly type: 'event'; readonly key: number; readonly event: RelayedEvent }
  | { readonly type: 'end'; readonly key: number; readonly reason: string }

/** What the main thread tells a thread. `ping` is answered by `pong` as soon as its event loop has time. */
export type ToThread = AttachMessage | ToSession | { readonly type: 'ping' }

/** What a thread tells of a session. `ended` comes last: its handler has shut down. */
export type FromSession =
  | { readonly type: 'attached'; readonly key: number }
  | { readonly type: 'ended'; readonly key: number }
  | { readonly type: 'refused'; readonly key: number; readonly error: WireError }
  | NewsOfHandler

/** What a session's handler does, or fails at. */
export type NewsOfHandler =
  | { readonly type: 'failure' | 'complaint'; readonly key: number; readonly error: WireError }
  | { readonly type: 'warning' | 'close-stream'; readonly key: number; readonly message: string }
  | { readonly type: 'outputs'; readonly key: number; readonly args: unknown[] }
  | { readonly type: 'close'; readonly key: number; readonly reason: string }
  | { readonly type: 'send'; readonly key: number; readonly text: string }
  | { readonly type: 'speech'; readonly key: number; readonly news: SpeechNews }

/** What a thread tells. */
export type FromThread =
  | FromSession
  | { readonly type: 'loaded'; readonly settings: HandlerSettings }
  | { readonly type: 'load-failed'; readonly error: WireError }
  | { readonly type: 'log'; readonly level: keyof Logger; readonly message: string }
  | { readonly type: 'pong' }
