import type { WireProtocol as NativeProtocol } from '#binding'
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

/**
 * How audio goes over a socket: by which names it is found in what comes, and what is sent around it. Texts that aren't surely
 * audio, or a mark of ours, come to JavaScript.
 */
export type WireProtocol = NativeProtocol

/** One session of the media engine whose audio goes over a WebSocket, past JavaScript. */
export interface SocketLink extends MediaLink {
  /**
   * Hands over audio that was found in a message which came to JavaScript. Before `connected` it waits for that.
   *
   * @param payload - encoded audio of any length; of Opus, one packet. What can't be decoded is counted and does no harm
   * @param chunk - its number, where the far end counts: what overtook another is put back
   */
  receive(payload: Uint8Array, chunk?: number): void
  /**
   * Takes the far end's word for what has been played, which makes `playedMs` exact, when it came to JavaScript.
   *
   * @param messages - how many messages with audio have been played since the start
   */
  acknowledge(messages: number): void
  /**
   * Takes a mark that came back to JavaScript.
   *
   * @param name - as it came
   */
  marked(name: string): void
}
