import { describeThrown } from '../frames/thrown.ts'

/**
 * Calls a listener of the media engine. What it throws becomes a warning of the process, for the listeners after it have
 * to be called too, and the engine has nobody else to tell.
 *
 * @param call - calls it
 */
export function isolate(call: () => void): void {
  try {
    call()
  } catch (error) {
    process.emitWarning(`A listener of the media engine failed: ${describeThrown(error)}`, 'ParleyWarning')
  }
}
