import { canShareScreen, listCameras, type ConnectOptions } from '../connect.ts'
import type { Connection } from '../connection.ts'
import type { Modality, Mode } from '../wire.ts'
import { DeviceChoice } from './device-choice.ts'
import { FullScreen } from './full-screen.ts'
import { byId } from './view.ts'

/** The pictures of a call, both ways, and what a person does with them. */
export class Pictures {
  readonly #area = byId('pictures')
  readonly #remote = byId('remote') as HTMLVideoElement
  readonly #preview = byId('preview') as HTMLVideoElement
  readonly #cameraOff = byId('camera-off') as HTMLButtonElement
  readonly #screen = byId('screen') as HTMLButtonElement
  readonly #cameras: DeviceChoice
  readonly #onProblem: (error: unknown) => void
  #call: Connection | undefined
  #isSent = false
  #isThere = false

  /** @param onProblem - called with what a person should read; undefined when all is well again */
  constructor(onProblem: (error: unknown) => void) {
    this.#onProblem = onProblem
    const select = byId('camera') as HTMLSelectElement
    this.#cameras = new DeviceChoice(select, listCameras, () => void this.#use('camera'))
    this.#cameraOff.addEventListener('click', () => this.#mute(!this.#call?.videoMuted))
    this.#screen.addEventListener('click', () => void this.#toggleScreen())
    for (const event of ['playing', 'emptied']) {
      for (const video of [this.#remote, this.#preview]) video.addEventListener(event, () => this.#showWhatPlays())
    }
    void new FullScreen(byId('full-screen') as HTMLButtonElement, this.#area, this.#remote)
  }

  /**
   * Shows what a stream has a use for.
   *
   * @param modality - what it carries
   * @param mode - which way
   */
  show(modality: Modality, mode: Mode): void {
    this.#isThere = modality !== 'audio'
    this.#isSent = this.#isThere && mode !== 'receive'
    this.#area.hidden = !this.#isThere
    this.#preview.hidden = byId('camera-field').hidden = this.#cameraOff.hidden = !this.#isSent
    this.#screen.hidden = !this.#isSent || !canShareScreen()
    void this.#cameras.refresh()
  }

  /** What a call is made with. */
  get options(): Pick<ConnectOptions, 'cameraId' | 'videoSource' | 'player' | 'preview'> {
    if (!this.#isThere) return {}
    const { deviceId } = this.#cameras
    return {
      player: this.#remote,
      ...(this.#isSent && { preview: this.#preview }),
      ...(deviceId !== undefined && { cameraId: deviceId }),
      videoSource: isPressed(this.#screen) ? 'screen' : 'camera',
    }
  }

  /**
   * Follows a call.
   *
   * @param call - connected
   */
  begin(call: Connection): void {
    if (!this.#isThere) return
    this.#call = call
    this.#cameraOff.disabled = call.videoTrack === undefined
    call.on('cameralost', () => this.#onProblem('The camera is gone. Plug it in again, or choose another.'))
    call.on('screenended', () => this.#showSource())
    this.#showSource()
    // Names of cameras are told only now that the page may use one.
    void this.#cameras.refresh()
  }

  /** The call has ended. */
  end(): void {
    this.#mute(false)
    this.#call = undefined
    this.#cameraOff.disabled = true
    press(this.#screen, false)
  }

  #mute(muted: boolean): void {
    this.#call?.muteVideo(muted)
    press(this.#cameraOff, muted)
  }

  async #toggleScreen(): Promise<void> {
    const isWanted = !isPressed(this.#screen)
    // Before a call it says what the call will begin with.
    if (this.#call) await this.#use(isWanted ? 'screen' : 'camera')
    else press(this.#screen, isWanted)
  }

  async #use(source: 'camera' | 'screen'): Promise<void> {
    try {
      this.#onProblem(undefined)
      await (source === 'screen' ? this.#call?.shareScreen() : this.#call?.useCamera(this.#cameras.deviceId))
    } catch (error) {
      this.#onProblem(error)
    }
    this.#showSource()
  }

  #showSource(): void {
    const { videoSource = 'camera' } = this.#call ?? {}
    // A person expects themselves as in a mirror, and a screen as it is.
    this.#preview.dataset['source'] = videoSource
    if (this.#call) press(this.#screen, videoSource === 'screen')
  }

  #showWhatPlays(): void {
    this.#area.classList.toggle('has-remote', this.#remote.srcObject !== null)
    this.#area.classList.toggle('has-preview', this.#preview.srcObject !== null)
  }
}

function isPressed(button: HTMLButtonElement): boolean {
  return button.getAttribute('aria-pressed') === 'true'
}

function press(button: HTMLButtonElement, isOn: boolean): void {
  button.setAttribute('aria-pressed', String(isOn))
}
