/** What only some browsers have: phones of Apple show a video alone in full screen, no other element. */
interface AppleVideo {
  readonly webkitEnterFullscreen?: () => void
}

/** A button that shows pictures in full screen, and back. */
export class FullScreen {
  readonly #button: HTMLButtonElement
  readonly #area: HTMLElement
  readonly #video: HTMLVideoElement & AppleVideo

  /**
   * @param button - what is pressed; hidden where the browser can't
   * @param area - what is shown
   * @param video - in it, for browsers that can show no more
   */
  constructor(button: HTMLButtonElement, area: HTMLElement, video: HTMLVideoElement) {
    this.#button = button
    this.#area = area
    this.#video = video
    button.hidden = !document.fullscreenEnabled && this.#video.webkitEnterFullscreen === undefined
    button.addEventListener('click', () => void this.#toggle())
    document.addEventListener('fullscreenchange', () => this.#show())
  }

  async #toggle(): Promise<void> {
    if (!document.fullscreenEnabled) return this.#video.webkitEnterFullscreen?.()
    // A browser may refuse, as in a frame; then the page stays as it is.
    const change = document.fullscreenElement ? document.exitFullscreen() : this.#area.requestFullscreen()
    await change.catch(() => undefined)
  }

  #show(): void {
    const isFull = document.fullscreenElement === this.#area
    this.#button.textContent = isFull ? 'Leave full screen' : 'Full screen'
  }
}
