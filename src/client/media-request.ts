import type { Wanted } from './devices.ts'
import type { ClientConfiguration, Modality } from './wire.ts'

/** Constraints of one's own for each kind, as for `getUserMedia`: what is left out isn't sent. */
export interface MediaByKind {
  /** The microphone with the server's constraints (`true`), with these, or not. */
  readonly audio?: boolean | MediaTrackConstraints
  /** The camera, in the same way. */
  readonly video?: boolean | MediaTrackConstraints
}

/** What a person chose. */
export interface ChosenDevices {
  /** Which microphone. */
  readonly deviceId?: string
  /** Which camera. */
  readonly cameraId?: string
}

const KINDS: Readonly<Record<Modality, readonly (keyof Wanted)[]>> = {
  audio: ['audio'],
  video: ['video'],
  'audio-video': ['audio', 'video'],
}

/**
 * @param modality - what a stream carries
 * @returns its kinds of tracks
 */
export function kindsOf(modality: Modality = 'audio'): readonly (keyof Wanted)[] {
  return KINDS[modality]
}

/**
 * How the microphone and the camera are recorded, now or when they are chosen later.
 *
 * @param media - what the page wants
 * @param chosen - the devices
 * @param configuration - what the server wants
 * @returns constraints for each kind that the stream carries
 */
export function constraintsFor(
  media: boolean | MediaTrackConstraints | MediaByKind,
  chosen: ChosenDevices,
  { trackConstraints = {}, modality }: ClientConfiguration,
): Wanted {
  const ids = { audio: chosen.deviceId, video: chosen.cameraId }
  const constraints = kindsOf(modality).map((kind) => {
    const own = typeof media === 'object' ? ofKind(media, kind) : undefined
    const base = typeof own === 'object' ? own : ofKind(trackConstraints, kind)
    const id = ids[kind]
    return [kind, { ...(base as MediaTrackConstraints), ...(id !== undefined && { deviceId: { exact: id } }) }]
  })
  return Object.fromEntries(constraints) as Wanted
}

/**
 * What is opened at the start of a call.
 *
 * @param media - what the page wants
 * @param constraints - of each kind that the stream carries
 * @returns those that are sent
 */
export function wantedOf(media: boolean | MediaTrackConstraints | MediaByKind, constraints: Wanted): Wanted {
  if (media === false) return {}
  if (media === true || !isByKind(media)) return constraints
  const kinds = Object.entries(constraints).filter(([kind]) => Boolean(media[kind as keyof Wanted]))
  return Object.fromEntries(kinds) as Wanted
}

/** Constraints that aren't by kind are for each: a browser takes no notice of those that a kind doesn't have. */
function ofKind(constraints: MediaTrackConstraints | MediaByKind, kind: keyof Wanted): unknown {
  return isByKind(constraints) ? constraints[kind] : constraints
}

function isByKind(constraints: MediaTrackConstraints | MediaByKind): constraints is MediaByKind {
  return 'audio' in constraints || 'video' in constraints
}
