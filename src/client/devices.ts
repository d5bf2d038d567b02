import { CameraError, MicrophoneError } from './errors.ts'
import type { MicrophoneProblem } from './errors.ts'

/** How what is sent is recorded; what is undefined isn't. */
export interface Wanted {
  /** Of the microphone. */
  readonly audio?: MediaTrackConstraints | undefined
  /** Of the camera. */
  readonly video?: MediaTrackConstraints | undefined
}

/**
 * Lists what the machine has.
 *
 * @param kind - microphones or cameras
 * @returns the default one first; none where the page's address isn't secure
 */
export async function listDevices(kind: MediaDeviceKind): Promise<{ deviceId: string; label: string }[]> {
  if (!hasDevices()) return []
  const devices = await navigator.mediaDevices.enumerateDevices()
  return devices.filter((device) => device.kind === kind).map(({ deviceId, label }) => ({ deviceId, label }))
}

/**
 * Opens a microphone, a camera, or both with one question to the person.
 *
 * @param wanted - which, and how they are recorded; one of them at least
 * @returns a stream with a track of each kind that was wanted
 * @throws MicrophoneError or CameraError in plain words; TypeError for constraints of the wrong shape
 */
export async function openDevices({ audio, video }: Wanted): Promise<MediaStream> {
  if (!hasDevices()) throw video ? new CameraError('insecure') : new MicrophoneError('insecure')
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: audio ?? false, video: video ?? false })
  } catch (error) {
    // Constraints of the wrong shape are the page's own mistake, not the person's.
    if (error instanceof TypeError) throw error
    const problem = PROBLEMS[(error as DOMException).name] ?? 'busy'
    const isCamera = video !== undefined && (audio === undefined || (await isCamerasFault(problem, error, audio)))
    throw isCamera ? new CameraError(problem, { cause: error }) : new MicrophoneError(problem, { cause: error })
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

/** When both were asked for, the browser doesn't say which one is the reason; what else it tells does. */
async function isCamerasFault(
  problem: MicrophoneProblem,
  error: unknown,
  microphone: MediaTrackConstraints,
): Promise<boolean> {
  if (problem === 'missing') return isThere(await listMicrophoneIds(), microphone)
  if (problem === 'busy') return !/audio|microphone/i.test((error as DOMException).message)
  return !(await isDenied('microphone')) || isDenied('camera')
}

async function listMicrophoneIds(): Promise<string[]> {
  return (await listDevices('audioinput')).map(({ deviceId }) => deviceId)
}

function isThere(ids: readonly string[], { deviceId }: MediaTrackConstraints): boolean {
  const exact = (deviceId as ConstrainDOMStringParameters | undefined)?.exact
  // Before the page was allowed to use any, they are listed without their ids.
  return ids.length > 0 && (typeof exact !== 'string' || ids.includes(exact) || ids.includes(''))
}

async function isDenied(name: 'camera' | 'microphone'): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name })).state === 'denied'
  } catch {
    // Some browsers don't tell of these two.
    return false
  }
}
