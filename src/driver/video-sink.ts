import { InvalidEmitError } from '../errors.ts'
import { AdditionalOutputs } from '../frames/additional-outputs.ts'
import { CloseStream } from '../frames/close-stream.ts'
import { describe } from '../frames/describe.ts'
import type { EmitVideo } from '../frames/emit-type.ts'
import { realClock } from '../native/clock.ts'
import type { MediaLink } from '../native/media-link.ts'
import { checkPicture } from './check-picture.ts'
import { Complaints } from './complaints.ts'
import type { DriverClient } from './driver-client.ts'

/**
 * What became of an emitted value: its picture goes to the encoder; the encoder is behind, so that it waits; something else
 * was done; there was nothing; the stream ends.
 */
export type VideoDelivery = 'video' | 'full' | 'other' | 'nothing' | 'closed'

/** Takes what a handler emits as video to where it belongs. */
export class VideoSink {
  readonly #link: MediaLink
  readonly #client: DriverClient
  readonly #muted: boolean
  readonly #who: string
  readonly #complaints: Complaints
  #waiting: { picture: EmitVideo; other: unknown } | undefined
  #warned = false

  /**
   * @param link - takes the pictures
   * @param client - takes the rest
   * @param muted - whether pictures are dropped, for a client that only sends
   * @param who - what emits, for errors, such as `videoEmit()`
   */
  constructor(link: MediaLink, client: DriverClient, muted: boolean, who: string) {
    this.#link = link
    this.#client = client
    this.#muted = muted
    this.#who = who
    this.#complaints = new Complaints(client, link.clock ?? realClock)
  }

  /** Whether a picture waits for the encoder. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  /**
   * Delivers a value. One that is no `VideoEmitType` is reported, and counts as nothing.
   *
   * @param value - what the handler gave; no picture may be waiting
   * @returns what became of it; after `full`, `onVideoRoom` says when to {@link flush}
   */
  deliver(value: unknown): VideoDelivery {
    try {
      return this.#deliver(value)
    } catch (error) {
      return this.#complaints.take(error, this.#who)
    }
  }

  /** @returns what became of the picture that waited for the encoder; `nothing` when none did */
  flush(): VideoDelivery {
    const { picture, other } = this.#waiting ?? {}
    if (picture === undefined) return 'nothing'
    this.#waiting = undefined
    try {
      return this.#write(picture, other)
    } catch (error) {
      return this.#complaints.take(error, this.#who)
    }
  }

  #deliver(value: unknown): VideoDelivery {
    if (value === null || value === undefined) return 'nothing'
    if (isOther(value)) return this.#deliverOther(value)
    const [picture, then] = Array.isArray(value) ? (value as unknown[]) : [value]
    if (Array.isArray(value) && (value.length !== 2 || !isOther(then))) throw this.#nonsense(value)
    if (!isPicture(picture)) throw this.#nonsense(value)
    checkPicture(picture, this.#who)
    return this.#muted ? this.#drop(then) : this.#write(picture, then)
  }

  #write(picture: EmitVideo, then: unknown): VideoDelivery {
    if (!this.#link.writeVideo(picture)) {
      this.#waiting = { picture, other: then }
      return 'full'
    }
    return isOther(then) && this.#deliverOther(then) === 'closed' ? 'closed' : 'video'
  }

  #drop(then: unknown): VideoDelivery {
    if (!this.#warned) {
      this.#warned = true
      this.#client.onWarning("The handler emits video, but nobody sees it: the stream's mode is 'send'")
    }
    return isOther(then) ? this.#deliverOther(then) : 'nothing'
  }

  #deliverOther(value: AdditionalOutputs | CloseStream): VideoDelivery {
    if (value instanceof CloseStream) {
      this.#client.onCloseStream(value.msg)
      return 'closed'
    }
    this.#client.onOutputs(value)
    return 'other'
  }

  #nonsense(value: unknown): InvalidEmitError {
    return new InvalidEmitError(
      `${this.#who} gave ${describe(value)}; it must be a VideoFrame, AdditionalOutputs, CloseStream, ` +
        '[frame, AdditionalOutputs], [frame, CloseStream] or null',
    )
  }
}

function isOther(value: unknown): value is AdditionalOutputs | CloseStream {
  return value instanceof AdditionalOutputs || value instanceof CloseStream
}

/** What is like a picture is checked as one, so that the error says what is wrong with it. */
function isPicture(value: unknown): value is object {
  return typeof value === 'object' && value !== null && ('width' in value || 'data' in value)
}
