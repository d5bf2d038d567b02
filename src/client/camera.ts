import { listDevices } from './devices.ts'

/** A camera that can be chosen. */
export interface Camera {
  /** For `connect({ cameraId })` and `Connection.useCamera`. */
  readonly deviceId: string
  /** Its name; empty before the page was allowed to use any camera. */
  readonly label: string
}

/**
 * @returns the cameras of this machine, the default one first; none where the page's address isn't secure
 */
export function listCameras(): Promise<Camera[]> {
  return listDevices('videoinput')
}
