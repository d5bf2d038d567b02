import type { AdditionalOutputs } from './additional-outputs.ts'
import type { EmitAudio } from './audio-frame.ts'
import type { CloseStream } from './close-stream.ts'
import type { PlayedMark } from './played-mark.ts'
import type { VideoFrame } from './video-frame.ts'

/**
 * What `emit` may return: audio; outputs for the page; a mark that asks what was heard; the end of the stream; audio with one
 * of these, which count after the audio; or `null` or `undefined` for nothing now.
 */
export type EmitType =
  | EmitAudio
  | AdditionalOutputs
  | PlayedMark
  | CloseStream
  | readonly [audio: EmitAudio, then: AdditionalOutputs]
  | readonly [audio: EmitAudio, then: PlayedMark]
  | readonly [audio: EmitAudio, then: CloseStream]
  | null
  | undefined

/**
 * A picture that a handler may emit, in any of the three number types, each with values from 0 to 255. Width and height must be
 * even, from 2 to 4,096 pixels, and may change from picture to picture. A received picture may be emitted as it is. Without a
 * `timestamp`, or with one that doesn't rise, the picture is of now.
 */
export type EmitVideo = Omit<VideoFrame<Uint8Array | Uint16Array | Float32Array>, 'timestamp'> & {
  /** Seconds from the start of the stream. */
  timestamp?: number | undefined
}

/** What `videoEmit` may return; as {@link EmitType}, with a picture for the audio. */
export type VideoEmitType =
  | EmitVideo
  | AdditionalOutputs
  | CloseStream
  | readonly [video: EmitVideo, then: AdditionalOutputs]
  | readonly [video: EmitVideo, then: CloseStream]
  | null
  | undefined
