/** A device that can be chosen. */
interface Device {
  readonly deviceId: string
  readonly label: string
}

/** A list of microphones or cameras. */
export class DeviceChoice {
  readonly #select: HTMLSelectElement
  readonly #list: () => Promise<readonly Device[]>

  /**
   * @param select - its first option stands for the browser's own choice
   * @param list - says what there is now
   * @param onChoose - called when the person chose one
   */
  constructor(select: HTMLSelectElement, list: () => Promise<readonly Device[]>, onChoose: () => void) {
    this.#select = select
    this.#list = list
    select.addEventListener('change', onChoose)
    const devices = navigator.mediaDevices as MediaDevices | undefined
    devices?.addEventListener('devicechange', () => void this.refresh())
  }

  /** The chosen device's id; undefined for the browser's own choice. */
  get deviceId(): string | undefined {
    return this.#select.value || undefined
  }

  /** Lists what there is now. Names show only after the page was allowed to use such a device. */
  async refresh(): Promise<void> {
    const devices = (await this.#list()).filter(({ deviceId, label }) => deviceId !== '' && label !== '')
    const chosen = this.#select.value
    this.#select.length = 1
    this.#select.append(...devices.map(({ deviceId, label }) => new Option(label, deviceId)))
    this.#select.value = devices.some(({ deviceId }) => deviceId === chosen) ? chosen : ''
  }
}
