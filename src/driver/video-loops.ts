import { AsyncAudioVideoStreamHandler } from '../handlers/async-audio-video-stream-handler.ts'
import { AudioVideoStreamHandler } from '../handlers/audio-video-stream-handler.ts'
import { VideoStreamHandler } from '../handlers/video-stream-handler.ts'
import { type Clock, realClock } from '../native/clock.ts'
import type { VideoFrame } from '../frames/video-frame.ts'
import type { DriverParts } from './driver.ts'
import { FramePacer } from './frame-pacer.ts'
import type { LoopControl } from './loop-control.ts'
import { VideoEmitLoop } from './video-emit-loop.ts'
import { VideoFunctionLoop } from './video-function-loop.ts'
import { VideoGeneratorHandler } from './video-generator-handler.ts'
import { VideoReceiveLoop } from './video-receive-loop.ts'
import { VideoSink } from './video-sink.ts'

/** By how much an emitted picture may be early, in intervals: what was seen early may be answered early. */
const EARLY = 0.5

/** Runs the video side of a handler. */
export interface VideoLoops {
  /** Begins, after the client has connected. */
  start(): void
  /** Lets go of timers. */
  stop(): void
  /** Pictures may be read. */
  onVideo(): void
  /** The encoder has caught up. */
  onRoom(): void
}

/**
 * What runs the video side of a handler.
 *
 * @param parts - what is run, and for whom
 * @param control - the driver
 * @returns loops that have not started; undefined for a handler of audio alone
 */
export function videoLoopsOf(parts: DriverParts, control: LoopControl): VideoLoops | undefined {
  const { handler, link, client, muted, who = 'videoEmit()' } = parts
  const clock = link.clock ?? realClock
  if (handler instanceof VideoStreamHandler) {
    return new VideoFunctionLoop(handler, link, new VideoSink(link, client, muted, who), control)
  }
  const sink = new VideoSink(link, client, muted, who)
  if (handler instanceof VideoGeneratorHandler) return emitLoop(handler, sink, clock, control)
  if (handler instanceof AudioVideoStreamHandler || handler instanceof AsyncAudioVideoStreamHandler) {
    return new BothLoops(handler, link, emitLoop(handler, sink, clock, control), control)
  }
  return undefined
}

function emitLoop(handler: VideoEmitter, sink: VideoSink, clock: Clock, control: LoopControl): VideoEmitLoop {
  return new VideoEmitLoop(() => handler.videoEmit(), sink, new FramePacer(handler.fps, EARLY), clock, control)
}

interface VideoEmitter {
  readonly fps: number
  videoEmit(): unknown
}

/** Receives and emits, each at its own pace; what was seen may be answered at once. */
class BothLoops implements VideoLoops {
  readonly #receive: VideoReceiveLoop
  readonly #emit: VideoEmitLoop

  constructor(
    handler: AudioVideoStreamHandler | AsyncAudioVideoStreamHandler,
    link: DriverParts['link'],
    emit: VideoEmitLoop,
    control: LoopControl,
  ) {
    const { videoFormat, videoDtype } = handler
    const calls = {
      read: () => link.readVideo(videoFormat, videoDtype, 0),
      // The data has the number type that the handler asked for.
      receive: (frame: VideoFrame) => handler.videoReceive(frame as VideoFrame<Float32Array>),
      settled: () => {
        emit.onVideo()
        return true
      },
    }
    this.#receive = new VideoReceiveLoop(calls, control)
    this.#emit = emit
  }

  start(): void {
    this.#receive.onVideo()
    this.#emit.start()
  }

  stop(): void {
    this.#emit.stop()
  }

  onVideo(): void {
    this.#receive.onVideo()
  }

  onRoom(): void {
    this.#emit.onRoom()
  }
}
