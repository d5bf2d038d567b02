import { listDevices } from './devices.ts'

/** A microphone that can be chosen. */
export interface Microphone {
  /** For `connect({ deviceId })` and `Connection.useMicrophone`. */
  readonly deviceId: string
  /** Its name; empty before the page was allowed to use any microphone. */
  readonly label: string
}

/**
 * @returns the microphones of this machine, the default one first; none where the page's address isn't secure
 */
export function listMicrophones(): Promise<Microphone[]> {
  return listDevices('audioinput')
}
