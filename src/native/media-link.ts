import type { EmitVideo } from '../frames/emit-type.ts'
import type { VideoFormat, VideoFrame } from '../frames/video-frame.ts'
import type { VideoDtype } from '../handlers/video-options.ts'
import type { Clock } from './clock.ts'
import type { ReplyMode, SpeechEvent, SpeechSettings } from './speech.ts'

/** Counters and queue depths of a session's media, at most a tenth of a second old. */
export interface MediaStats {
  /** Media packets received, or messages with audio over a socket. */
  packetsIn: number
  /** Bytes of media received. */
  bytesIn: number
  /** Media packets sent, or payloads of 20 ms over a socket. */
  packetsOut: number
  /** Bytes of media sent. */
  bytesOut: number
  /** Packets that never came, by their sequence numbers. */
  lost: number
  /** Packets that came after their time. */
  late: number
  /** Packets that came twice. */
  duplicate: number
  /** Frames of 20 ms made up for packets that were missing or late. */
  concealed: number
  /** Frames of 20 ms that were lost and restored from the coarse copy in the packet behind (in-band FEC of Opus). */
  fecRecovered: number
  /** Frames of 20 ms of silence made up because the client sent nothing any more. */
  synthesised: number
  /** Times that the client's stream began anew: another SSRC, or a jump of its numbers or its clock. */
  restarts: number
  /** Packets that the codec could not read. */
  undecodable: number
  /** Datagrams refused unread: unsigned, malformed or too long. */
  refused: number
  /** Interarrival jitter in ms (RFC 3550, section 6.4.1). */
  jitterMs: number
  /**
   * How long a missing packet is waited for once one behind it is here, in ms. Adapts to how far packets overtake one
   * another, within `media.jitter`; what comes in order never waits.
   */
  reorderAllowanceMs: number
  /**
   * By how many parts in a million the client's clock is faster than ours; negative when it is slower, 0 for the first
   * half minute. It is compensated.
   */
  driftPpm: number
  /**
   * Round trip in ms, by the client's last report on what it received (RFC 3550, section 6.4.1), or by the last connectivity
   * check before there was one; -1 before either.
   */
  roundTripMs: number
  /** Received frames dropped because the handler did not take them. */
  inputDropped: number
  /** Emitted frames dropped unsent: more than an hour waited, or an event loop was busy for more than 5 s. */
  outputDropped: number
  /** Share of our packets that the client lost, by its last report: 0 to 1. */
  fractionLostByPeer: number
  /** Share of our packets that the encoder expects to be lost, 0 to 1: at once as much as is reported, then slowly less. */
  expectedLoss: number
  /** What the encoder aims at, in bit/s: the option, or less while much is lost or because the client wants less. */
  bitrate: number
  /** Times that emitted audio was flowing and ran out; it is faded out, and what comes late follows. */
  underruns: number
  /** Delay in ms that emitted audio has because it comes late again and again: 0 for a steady source, 60 at most. */
  cushionMs: number
  /** Received audio that waits for the handler, in ms. */
  inputQueueMs: number
  /** Emitted audio that waits to be sent, in ms. */
  outputQueueMs: number
  /** `ip:port` of the client; undefined until media tells it. */
  remoteAddress?: string
  /** Name of the codec: `opus`, or over a socket `pcmu` (mu-law), `pcm` or `opus`; undefined until negotiated. */
  codec?: string
  /** Of the pictures; undefined for a session of audio alone. */
  video?: VideoStats
}

/** Counters of a session's video, at most a tenth of a second old. */
export interface VideoStats {
  /** Packets received, repeated ones included. */
  packetsIn: number
  /** Bytes of pictures received. */
  bytesIn: number
  /** Packets sent, without repeated ones. */
  packetsOut: number
  /** Bytes of pictures sent. */
  bytesOut: number
  /** Whole pictures received. */
  framesIn: number
  /** Pictures sent. */
  framesOut: number
  /** Pictures received that need no other. */
  keyFramesIn: number
  /** Pictures sent that need no other. */
  keyFramesOut: number
  /** Pictures decoded. */
  framesDecoded: number
  /** Pictures that could not be decoded; a key frame is asked for then. */
  decodeErrors: number
  /** Received pictures that stayed incomplete, were made from such, or came while the decoder was behind. */
  framesDroppedIn: number
  /** Emitted pictures left out to keep to the bitrate or the frame rate, or because the client takes none. */
  framesDroppedOut: number
  /** Decoded pictures that the handler did not get: it was behind, or they were more a second than it takes. */
  skipped: number
  /** Key frames that the client asked for (PLI). */
  pliIn: number
  /** Key frames that the client asked for (FIR). */
  firIn: number
  /** Key frames that the client was asked for. */
  pliOut: number
  /** Packets that the client asked for again. */
  nacksIn: number
  /** Packets that the client was asked for again. */
  nacksOut: number
  /** Packets that came again. */
  retransmittedIn: number
  /** Packets that were sent again. */
  retransmittedOut: number
  /** Packets that never came. */
  lost: number
  /** What the encoder aims at, bit/s. */
  bitrate: number
  /** Width of the last picture received, 0 before the first. */
  widthIn: number
  /** Its height. */
  heightIn: number
  /** Width of the last picture emitted, 0 before the first. */
  widthOut: number
  /** Its height. */
  heightOut: number
  /** Pictures that wait for the handler. */
  queuedIn: number
}

/** Why a session ended, as the media engine saw it. */
export type CloseCode = 'local' | 'peer' | 'timeout' | 'connect_timeout' | 'failed' | 'error'

/** Something that a session's media engine has to tell. */
export type LinkEvent =
  | { kind: 'answer'; sdp: string }
  | { kind: 'rejected'; code: string; message: string }
  | { kind: 'renegotiation-rejected'; code: string; message: string }
  | { kind: 'connected' | 'disconnected' | 'channel-open' | 'channel-closed' | 'drained' }
  | { kind: 'message'; text: string }
  | { kind: 'dtmf'; digit: string; durationMs: number }
  | { kind: 'input-dropped'; waitingMs: number }
  | { kind: 'played'; mark: number; playedMs: number; lengthMs: number }
  | { kind: 'error'; code: string; message: string }
  | { kind: 'closed'; code: CloseCode }

/** What a link calls when there is something to do. None of these may throw. */
export interface LinkListener {
  /** Frames may be read, or events about speech. */
  onAudio(): void
  /** The output queue has fallen to its target or below. */
  onRoom(): void
  /** Something happened. */
  onEvent(event: LinkEvent): void
  /** Pictures may be read. */
  onVideo?(): void
  /** A picture may be written again, after one was refused. */
  onVideoRoom?(): void
}

/** One session of the media engine, as driver and session see it. All PCM is interleaved. */
export interface MediaLink {
  /** The session's number in this process, by which another thread attaches its audio. */
  readonly key: number
  /** What time is for the session; without one it is real. */
  readonly clock?: Clock | undefined
  /** Says who is told what happens; one at a time. */
  listen(listener: LinkListener): void
  /**
   * Moves the oldest 20 ms frame into an array.
   *
   * @param into - long enough for 20 ms of all channels
   * @returns samples per channel, 0 when no frame waits
   */
  readAudio(into: Int16Array): number
  /**
   * Listens for speech from now on, so that no frames come any more, but events. Called before the session connects, none
   * is lost in between.
   *
   * @param settings - how
   * @throws RangeError naming a setting that is out of range
   */
  listenForSpeech(settings: SpeechSettings): void
  /** @returns the oldest event about speech that waits; `onAudio` says that there are any */
  readSpeech(): SpeechEvent | undefined
  /**
   * Says that a reply begins, before its first audio is written, or that it has ended.
   *
   * @param mode - what becomes of speech from here on; leaving `deaf`, listening begins afresh
   */
  setReply(mode: ReplyMode): void
  /**
   * The turn that ended last isn't over: the next one's audio begins where that one's did, unless more than 10 s pass without
   * speech.
   */
  continueTurn(): void
  /** Asks for a `peeked` event with what was said of the turn so far; nothing else changes. */
  peekTurn(): void
  /** The turn is over now: a `pause` event with the reason `taken` follows, with empty audio when nothing was said. */
  takeTurn(): void
  /** Nobody has said anything: the turn under way is forgotten. */
  resetSpeech(): void
  /**
   * Appends audio of any length to the output queue.
   *
   * @returns the queue's depth after it, in ms
   * @throws SessionClosedError after the end
   */
  writeAudio(samples: Int16Array | Float32Array, sampleRate: number, channels: number): number
  /**
   * Puts a mark behind all audio written so far; a `played` event with it follows, whatever becomes of the audio.
   *
   * @param mark - what the event calls it, an unsigned 32-bit integer
   * @param overMs - how much of that audio it is about; undefined for all since the mark before
   * @throws SessionClosedError after the end
   */
  mark(mark: number, overMs: number | undefined): void
  /**
   * Takes the oldest picture that waits, or the newest when older ones are skipped, and converts it.
   *
   * @param format - into which
   * @param dtype - into which number type
   * @param fromSeconds - pictures from before this time of the stream are skipped, and counted as that
   * @param into - where its data goes if that fits, else and by default into a fresh array
   * @returns the picture; undefined when none waits
   */
  readVideo(
    format: VideoFormat,
    dtype: VideoDtype,
    fromSeconds: number,
    into?: Uint8Array | Float32Array,
  ): VideoFrame | undefined
  /**
   * Converts a picture and hands it to the encoder. Where no video is sent it counts as sent.
   *
   * @param picture - checked; its data isn't kept
   * @returns whether it was taken; false when the encoder is behind, and `onVideoRoom` follows
   * @throws SessionClosedError after the end, RangeError for a picture that can't be
   */
  writeVideo(picture: EmitVideo): boolean
  /** How much written audio the client has heard, in ms; it never falls. */
  playedMs(): number
  /** Depth of the output queue in ms. */
  queuedMs(): number
  /** Drops all audio that has not been sent. After an interruption, what is written from here on is heard again. */
  clearQueue(): void
  /**
   * Hands over a message; it is kept until the channel opens.
   *
   * @throws ChannelClosedError, MessageTooLargeError or ChannelFullError
   */
  sendMessage(text: string): void
  /** Hands over a candidate of the client; one that can't be used does no harm. */
  addCandidate(candidate: string, sdpMid: string | undefined, sdpMLineIndex: number | undefined): void
  /** Hands over a later offer; the result comes as an event. */
  renegotiate(offerSdp: string): void
  /** Asks for a `drained` event when all audio so far was sent and had time to be heard. */
  drain(): void
  /** Counters and queue depths. */
  stats(): MediaStats
  /**
   * Ends the session; a `closed` event follows.
   *
   * @param drain - whether what is queued is sent first
   */
  close(drain: boolean): void
}
