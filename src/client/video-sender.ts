import { openDevices } from './devices.ts'
import { openScreen } from './screen.ts'
import { stopTracks } from './voice.ts'

/** Where the pictures come from that a call sends. */
export type VideoSource = 'camera' | 'screen'

/** What {@link VideoSender} is made of. */
export interface VideoSenderParts {
  /** What is sent first; undefined to send nothing. */
  readonly track: MediaStreamTrack | undefined
  /** Where it comes from. */
  readonly source: VideoSource
  /** Whether it was opened for this call, and ends with it. */
  readonly owned: boolean
  /** How a camera is opened that is chosen later. */
  readonly constraints: MediaTrackConstraints
  /** Sends another track from now on, or none. */
  readonly send: (track: MediaStreamTrack | null) => Promise<void>
  /** Called when the camera is gone, as when it is unplugged. */
  readonly onLost: () => void
  /** Called when the screen is shared no more, and the camera, if there was one, is sent again. */
  readonly onScreenEnded: () => void
}

/** The pictures that a call sends: a camera's, or those of a screen that is shared. */
export class VideoSender {
  /** What is sent; its track changes with the source. */
  readonly preview: MediaStream = new MediaStream()
  readonly #parts: VideoSenderParts
  #track: MediaStreamTrack | undefined
  #source: VideoSource
  #owned: boolean
  #isMuted = false
  #isReleased = false
  /** What shows again after a screen was shared: the page's own track, or the camera to open. */
  #camera: MediaStreamTrack | string | undefined

  /** @param parts - what it is made of */
  constructor(parts: VideoSenderParts) {
    this.#parts = parts
    this.#source = parts.source
    this.#owned = parts.owned
    this.#take(parts.track)
  }

  /** What is sent; undefined for nothing. */
  get track(): MediaStreamTrack | undefined {
    return this.#track
  }

  /** Where it comes from; undefined when nothing is sent. */
  get source(): VideoSource | undefined {
    return this.#track && this.#source
  }

  /** Whether black pictures are sent in place of the source's. */
  get muted(): boolean {
    return this.#isMuted
  }

  set muted(muted: boolean) {
    this.#isMuted = muted
    if (this.#track) this.#track.enabled = !muted
  }

  /**
   * Sends a camera from now on.
   *
   * @param deviceId - which; undefined for the browser's own choice
   * @throws CameraError in plain words; what was sent before goes on then
   */
  async useCamera(deviceId?: string): Promise<void> {
    const chosen = deviceId === undefined ? {} : { deviceId: { exact: deviceId } }
    await this.#replace(await openDevices({ video: { ...this.#parts.constraints, ...chosen } }), 'camera')
  }

  /**
   * Sends a screen, a window or a tab that the person chooses from now on.
   *
   * @param constraints - such as `{ frameRate: 5 }`
   * @throws ScreenError in plain words; what was sent before goes on then
   */
  async shareScreen(constraints?: MediaTrackConstraints): Promise<void> {
    const stream = await openScreen(constraints)
    if (this.source === 'camera') this.#camera = this.#owned ? this.#track?.getSettings().deviceId : this.#track
    await this.#replace(stream, 'screen')
  }

  /** Gives the camera back, if it was opened for this call. */
  release(): void {
    this.#isReleased = true
    this.#stop()
  }

  async #replace(stream: MediaStream, source: VideoSource, owned = true): Promise<void> {
    const [track] = stream.getVideoTracks()
    if (this.#isReleased || !track) return stopTracks(stream)
    track.enabled = !this.#isMuted
    await this.#parts.send(track)
    if (this.#isReleased) return stopTracks(stream)
    this.#stop()
    this.#source = source
    this.#owned = owned
    this.#take(track)
  }

  #take(track: MediaStreamTrack | undefined): void {
    if (this.#track) this.preview.removeTrack(this.#track)
    this.#track = track
    if (!track) return
    this.preview.addTrack(track)
    // A track that this side stops tells nothing, so what ends is the current one or one that was replaced.
    track.addEventListener('ended', () => {
      if (track === this.#track && !this.#isReleased) void this.#onEnded()
    })
  }

  async #onEnded(): Promise<void> {
    if (this.#source === 'camera') return this.#parts.onLost()
    const camera = this.#camera
    try {
      if (typeof camera === 'string') await this.useCamera(camera)
      else if (camera) await this.#replace(new MediaStream([camera]), 'camera', false)
      else await this.#sendNothing()
    } catch {
      this.#parts.onLost()
    }
    if (!this.#isReleased) this.#parts.onScreenEnded()
  }

  async #sendNothing(): Promise<void> {
    this.#take(undefined)
    await this.#parts.send(null)
  }

  #stop(): void {
    if (this.#owned) this.#track?.stop()
    this.#owned = false
  }
}
