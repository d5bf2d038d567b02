/**
 * Plays a stream, unless the element plays it already.
 *
 * @param player - an audio or a video element
 * @param stream - what to play
 * @param onBlocked - called when the browser waits for a touch before it plays anything
 */
export function play(player: HTMLMediaElement, stream: MediaStream, onBlocked: () => void): void {
  if (player.srcObject === stream) return
  // Else phones play a video in a window of its own.
  if (player instanceof HTMLVideoElement) player.playsInline = true
  player.srcObject = stream
  player.play().catch((error: unknown) => {
    if ((error as DOMException).name === 'NotAllowedError') onBlocked()
  })
}

/**
 * Shows a stream without its sound, which needs no touch.
 *
 * @param element - what shows it
 * @param stream - what to show
 */
export function showSilently(element: HTMLVideoElement, stream: MediaStream): void {
  element.muted = true
  play(element, stream, () => undefined)
}

/**
 * Takes away what elements play.
 *
 * @param elements - of a call that has ended; null for none
 */
export function stopPlaying(...elements: readonly (HTMLMediaElement | null)[]): void {
  for (const element of elements) if (element) element.srcObject = null
}
