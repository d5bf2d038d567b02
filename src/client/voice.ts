/** What a call sends: a stream with a microphone's track, or nothing. */
export class Voice {
  #stream: MediaStream | undefined
  /** Whether the stream was opened for this call, and ends with it. */
  #owned: boolean
  readonly #onLost: () => void

  /**
   * @param stream - has an audio track; undefined to send nothing
   * @param owned - whether it ends with the call
   * @param onLost - called when the track ends by itself, as when the microphone is unplugged
   */
  constructor(stream: MediaStream | undefined, owned: boolean, onLost: () => void) {
    this.#stream = stream
    this.#owned = owned
    this.#onLost = onLost
    this.#watch()
  }

  /** The stream; undefined when nothing is sent. */
  get stream(): MediaStream | undefined {
    return this.#stream
  }

  /** Its track; undefined when nothing is sent. */
  get track(): MediaStreamTrack | undefined {
    return this.#stream?.getAudioTracks()[0]
  }

  /** Whether silence is sent in place of its sound. */
  get muted(): boolean {
    return this.track?.enabled === false
  }

  set muted(muted: boolean) {
    if (this.track) this.track.enabled = !muted
  }

  /**
   * Takes another stream in place of the one before. Muting is kept.
   *
   * @param stream - opened for this call
   */
  replace(stream: MediaStream): void {
    const { muted } = this
    this.release()
    this.#stream = stream
    this.#owned = true
    this.muted = muted
    this.#watch()
  }

  /** Gives the microphone back, if it was opened for this call. */
  release(): void {
    if (this.#owned && this.#stream) stopTracks(this.#stream)
    this.#owned = false
  }

  #watch(): void {
    const { track } = this
    // A track that this side stops tells nothing, so what ends is the current one or one that was replaced.
    track?.addEventListener('ended', () => {
      if (track === this.track) this.#onLost()
    })
  }
}

/**
 * Stops what a stream records.
 *
 * @param stream - of any kind
 */
export function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}
