/** One STUN or TURN server, as in the `RTCIceServer` dictionary of the WebRTC standard. */
export interface RtcIceServer {
  /** `stun:host[:port]`, `turn:host[:port][?transport=…]` or `turns:…`; one or several. */
  urls: string | string[]
  /** For TURN. */
  username?: string
  /** For TURN. */
  credential?: string
}

/** The part of the WebRTC standard's `RTCConfiguration` dictionary that is plain JSON. */
export interface RtcConfiguration {
  /** STUN and TURN servers; an empty list means none. */
  iceServers?: RtcIceServer[]
  /** Which candidates a browser may use: all (default) or relayed ones only. */
  iceTransportPolicy?: 'all' | 'relay'
  /** How a browser bundles media: `balanced` by default. */
  bundlePolicy?: 'balanced' | 'max-bundle' | 'max-compat'
  /** Candidates that a browser gathers ahead, 0 to 255. */
  iceCandidatePoolSize?: number
}
