import { ScreenError } from './errors.ts'

/** @returns whether this browser can share its screen; those of phones mostly can't */
export function canShareScreen(): boolean {
  const devices = navigator.mediaDevices as Partial<MediaDevices> | undefined
  return devices?.getDisplayMedia !== undefined
}

/**
 * Lets the person choose a screen, a window or a tab, whose pictures are recorded from then on. Browsers want a click for it.
 *
 * @param constraints - such as `{ frameRate: 5 }`
 * @returns a stream with one video track, and none of sound
 * @throws ScreenError in plain words; TypeError for constraints of the wrong shape
 */
export async function openScreen(constraints: MediaTrackConstraints = {}): Promise<MediaStream> {
  if (!canShareScreen()) throw new ScreenError('unavailable')
  try {
    return await navigator.mediaDevices.getDisplayMedia({ video: constraints, audio: false })
  } catch (error) {
    // Constraints of the wrong shape are the page's own mistake, not the person's.
    if (error instanceof TypeError) throw error
    throw new ScreenError('denied', { cause: error })
  }
}
