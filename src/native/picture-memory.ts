import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes of pictures that are handed out between two collections, and how many pictures at least. */
const BYTES = 8 * 1024 * 1024
const PICTURES = 4

let bytes = 0
let pictures = 0
let collect: (() => void) | undefined

/**
 * Memory for a picture that is about to be filled, so that nobody has to write zeros into it first.
 *
 * Each picture is an array of its own, 28 MB of them a second at 640 x 480. V8 takes all memory outside of its heap for old: by
 * itself it marks its whole heap for each 30 MB of pictures, though the pictures of the last moments are nearly all that is
 * free, and finding those takes a fifth of a millisecond. So that is what is done in time: it costs a tenth, and new pictures
 * come in the memory of pictures that are still in the processor's cache.
 *
 * @param length - in bytes
 * @returns memory with anything in it
 */
export function pictureMemory(length: number): ArrayBuffer {
  if (bytes >= BYTES && pictures >= PICTURES) {
    collect ??= youngCollection()
    collect()
    bytes = pictures = 0
  }
  bytes += length
  pictures += 1
  return Buffer.allocUnsafeSlow(length).buffer
}

/** What collects young objects alone; does nothing where that can't be had. */
function youngCollection(): () => void {
  const gc = globalThis.gc ?? hiddenCollector()
  return () => {
    gc?.({ type: 'minor' })
  }
}

/** V8's collector where the process wasn't started with `--expose-gc`; undefined where that can't be had. */
function hiddenCollector(): typeof globalThis.gc {
  try {
    // Contexts made meanwhile have it; nothing else of the process does.
    setFlagsFromString('--expose-gc')
    try {
      return runInNewContext('globalThis.gc') as typeof globalThis.gc
    } finally {
      setFlagsFromString('--no-expose-gc')
    }
  } catch {
    // Not V8, or one whose flags are frozen: it collects when it thinks it is time.
    return undefined
  }
}
