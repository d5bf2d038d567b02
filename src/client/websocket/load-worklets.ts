import { UnreachableError } from '../errors.ts'
import { WORKLET_CODE } from './worklet-code.ts'

/** Where the files are, beside this one. Written out, for the bundlers that take such files along look for just this. */
const FILES: Readonly<Record<keyof typeof WORKLET_CODE, () => URL>> = {
  capture: () => new URL('./capture-worklet.js', import.meta.url),
  playback: () => new URL('./playback-worklet.js', import.meta.url),
}

/**
 * Loads what runs on the audio thread: from the files where this module is one itself, as a page's policy may allow nothing else,
 * and from the code that it holds where a bundler has taken it elsewhere. Where the one way fails, the other is tried.
 *
 * @param worklet - of the context that it is for
 * @throws UnreachableError when neither way works
 */
export async function loadWorklets(worklet: AudioWorklet): Promise<void> {
  const ways = isFile() ? [loadFiles, loadCode] : [loadCode, loadFiles]
  try {
    await ways[0]?.(worklet).catch(() => ways[1]?.(worklet))
  } catch (cause) {
    throw new UnreachableError('A part of this page could not be loaded: the one that handles audio.', { cause })
  }
}

/** Whether this module is where it was made, so that the other files are beside it. */
function isFile(): boolean {
  // Not every format that a bundler makes has an address.
  const address = (import.meta.url as string | undefined) ?? ''
  return /\/websocket\/load-worklets\.js(?:[?#]|$)/.test(address)
}

async function loadFiles(worklet: AudioWorklet): Promise<void> {
  await Promise.all(Object.values(FILES).map((file) => worklet.addModule(file())))
}

async function loadCode(worklet: AudioWorklet): Promise<void> {
  await Promise.all(Object.values(WORKLET_CODE).map((code) => loadText(worklet, code)))
}

async function loadText(worklet: AudioWorklet, code: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))
  try {
    await worklet.addModule(url)
  } finally {
    URL.revokeObjectURL(url)
  }
}
