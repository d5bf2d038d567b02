import type { MediaLink } from './media-link.ts'

/** How audio is encoded on a socket: 8-bit mu-law (G.711), 16-bit little-endian PCM, or Opus, one packet a payload. */
export type WireEncoding = 'mulaw' | 'pcm_s16le' | 'opus'

/** What a socket's audio is like on the wire. It is mono both ways. */
export interface WireSettings {
  /** The same both ways. */
  encoding: WireEncoding
  /** Of what the client sends, in Hz. */
  inputSampleRate: number
  /** Of what is sent to the client, in Hz. */
  outputSampleRate: number
  /** How far ahead of real time audio is sent, in ms, so that the client never runs dry. */
  leadMs: number
}

/** One session of the media engine whose audio comes and goes as encoded payloads, over a socket that JavaScript has. */
export interface SocketLink extends MediaLink {
  /**
   * Hands over what the client sent.
   *
   * @param payload - encoded audio of any length; of Opus, one packet. What can't be decoded is counted and does no harm
   */
  receive(payload: Uint8Array): void
  /**
   * Takes the oldest payload that is due; `onPayload` says that there are any.
   *
   * @returns 20 ms of encoded audio, in memory that the next call for any session uses again; `'clear'` when the client is to drop what it has and hasn't played; undefined when
   * nothing is due
   */
  readPayload(): Uint8Array | 'clear' | undefined
  /**
   * Takes the client's word for what has been played, which makes `playedMs` exact.
   *
   * @param payloads - how many have been played since the start
   */
  acknowledge(payloads: number): void
}
