import { FallbackTransport } from './fallback-transport.ts'
import type { Signaling } from './signaling.ts'
import type { Transport, TransportHost, TransportKind } from './transport.ts'
import { WebRtcTransport } from './webrtc/webrtc-transport.ts'
import { WebSocketTransport } from './websocket/websocket-transport.ts'
import type { Mode, RtpParams } from './wire.ts'

/** How a call is to reach its server: the one way, the other, or WebRTC first and a WebSocket where that finds no path. */
export type TransportChoice = 'auto' | TransportKind

/** What a transport is made of, whichever it is. */
export interface TransportSettings {
  /** Which. */
  readonly choice: TransportChoice
  /** The call's id. */
  readonly id: string
  /** Where the server's routes are mounted. */
  readonly url: URL
  /** The HTTP side. */
  readonly signaling: Signaling
  /** For the browser's peer connection. */
  readonly rtcConfiguration: RTCConfiguration
  /** For what is sent. */
  readonly rtpParams: RtpParams
  /** Which way media go. */
  readonly mode: Mode
  /** What kinds of media go. */
  readonly kinds: readonly ('audio' | 'video')[]
  /** What is sent; undefined to send nothing. */
  readonly stream: MediaStream | undefined
}

/**
 * Makes what carries a call.
 *
 * @param settings - what it is made of
 * @param host - whom it tells
 * @returns the transport, to be opened
 * @throws what the browser throws for a configuration that it can't use
 */
export function makeTransport(settings: TransportSettings, host: TransportHost): Transport {
  const websocket = (replaces?: string): WebSocketTransport =>
    new WebSocketTransport({ ...settings, host, ...(replaces !== undefined && { replaces }) })
  if (settings.choice === 'websocket' || (settings.choice === 'auto' && !hasWebRtc())) return websocket()
  const webrtc = new WebRtcTransport({ ...settings, host })
  // A WebSocket has no room for pictures.
  const isOnly = settings.choice === 'webrtc' || settings.kinds.includes('video')
  return isOnly ? webrtc : new FallbackTransport({ webrtc, websocket })
}

/** Some browsers are built or set up without it. */
function hasWebRtc(): boolean {
  return 'RTCPeerConnection' in globalThis
}
