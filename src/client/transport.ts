import type { CallStats } from './statistics.ts'
import type { TextReceiver } from './wire.ts'

/** How a call reaches its server. */
export type TransportKind = 'webrtc' | 'websocket'

/** What a {@link Transport} tells the call that it carries. */
export interface TransportHost extends TextReceiver {
  /** A track of the server is there, to be heard or seen in place of the one of its kind before. */
  onTrack(track: MediaStreamTrack): void
  /** The path is lost, and a new one is looked for; or it is back. Only after it has opened. */
  onPath(path: 'lost' | 'back'): void
  /** The browser plays nothing before the person touches the page. */
  onBlocked(): void
  /** The server ended the call, or the path is lost for good. Only after it has opened. */
  onEnd(by: 'server' | 'network'): void
}

/** Carries one call: what is sent and heard, and messages. */
export interface Transport {
  /** Which one it is. */
  readonly kind: TransportKind
  /** Milliseconds for which there is still something to be heard of what has arrived. */
  readonly playOutMs: number
  /**
   * Connects, and waits until media can flow.
   *
   * @param signal - ends the attempt
   * @throws RefusedError or UnreachableError, and the signal's reason
   */
  open(signal: AbortSignal): Promise<void>
  /**
   * Sends a text; before it has opened, the text is kept and sent then.
   *
   * @param text - at most 64 KiB
   */
  send(text: string): void
  /**
   * Sends another track from now on.
   *
   * @param kind - sound or pictures; a transport that doesn't carry it does nothing
   * @param track - of that kind; null to send nothing
   */
  replaceTrack(kind: 'audio' | 'video', track: MediaStreamTrack | null): Promise<void>
  /** How well the call goes, now. */
  stats(): Promise<CallStats>
  /** Plays, where the browser waits for a click before it plays anything; to be called from one. */
  resume(): Promise<void>
  /** Ends it, without another word to the host. A second time does nothing. */
  close(): void
}

/** What a transport is made of. */
export interface TransportParts {
  /** What is sent; undefined to send nothing. */
  readonly stream: MediaStream | undefined
  /** Whom it tells. */
  readonly host: TransportHost
}
