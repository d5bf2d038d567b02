import { MicrophoneError } from './errors.ts'
import type { MicrophoneProblem } from './errors.ts'

/** A microphone that can be chosen. */
export interface Microphone {
  /** For `media: { deviceId }` and `Connection.useMicrophone`. */
  readonly deviceId: string
  /** Its name; empty before the page was allowed to use any microphone. */
  readonly label: string
}

/**
 * @returns the microphones of this machine, the default one first; none where the page's address isn't secure
 */
export async function listMicrophones(): Promise<Microphone[]> {
  if (!hasDevices()) return []
  const devices = await navigator.mediaDevices.enumerateDevices()
  return devices.filter(({ kind }) => kind === 'audioinput').map(({ deviceId, label }) => ({ deviceId, label }))
}

/**
 * Opens a microphone. The browser asks the person the first time.
 *
 * @param constraints - which, and how it is processed
 * @returns a stream with one audio track
 * @throws MicrophoneError in plain words; TypeError for constraints of the wrong shape
 */
export async function openMicrophone(constraints: MediaTrackConstraints): Promise<MediaStream> {
  if (!hasDevices()) throw new MicrophoneError('insecure')
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: constraints })
  } catch (error) {
    // Constraints of the wrong shape are the page's own mistake, not the person's.
    if (error instanceof TypeError) throw error
    throw new MicrophoneError(PROBLEMS[(error as DOMException).name] ?? 'busy', { cause: error })
  }
}

/** Outside of a secure context the property isn't there (Media Capture and Streams, section 9). */
function hasDevices(): boolean {
  return (navigator.mediaDevices as MediaDevices | undefined) !== undefined
}

/** The exceptions of `getUserMedia` (Media Capture and Streams, section 10.2). */
const PROBLEMS: Readonly<Record<string, MicrophoneProblem>> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
}
