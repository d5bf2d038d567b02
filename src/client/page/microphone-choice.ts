import { listMicrophones } from '../microphone.ts'

/** The list of microphones. */
export class MicrophoneChoice {
  readonly #select: HTMLSelectElement

  /**
   * @param select - its first option stands for the browser's own choice
   * @param onChoose - called when the person chose one
   */
  constructor(select: HTMLSelectElement, onChoose: () => void) {
    this.#select = select
    select.addEventListener('change', onChoose)
    const devices = navigator.mediaDevices as MediaDevices | undefined
    devices?.addEventListener('devicechange', () => void this.refresh())
  }

  /** The chosen device's id; undefined for the browser's own choice. */
  get deviceId(): string | undefined {
    return this.#select.value || undefined
  }

  /** Lists what there is now. Names show only after the page was allowed to use a microphone. */
  async refresh(): Promise<void> {
    const microphones = (await listMicrophones()).filter(({ deviceId, label }) => deviceId !== '' && label !== '')
    const chosen = this.#select.value
    this.#select.length = 1
    this.#select.append(...microphones.map(({ deviceId, label }) => new Option(label, deviceId)))
    this.#select.value = microphones.some(({ deviceId }) => deviceId === chosen) ? chosen : ''
  }
}
