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

/** A picture that `videoEmit` may return, in any of the three number types, each with values from 0 to 255. */
export type EmitVideo = VideoFrame<Uint8Array | Uint16Array | Float32Array>

/** What `videoEmit` may return; as {@link EmitType}, with a picture for the audio. */
export type VideoEmitType =
  | EmitVideo
  | AdditionalOutputs
  | CloseStream
  | readonly [video: EmitVideo, then: AdditionalOutputs]
  | readonly [video: EmitVideo, then: CloseStream]
  | null
  | undefined
