/**
 * Whether the memory of an array was transferred away, as to a worker, so that nothing is left in it.
 *
 * @param array - any typed array
 * @returns whether it was; an array that never had anything in it is none of these
 */
export function isDetached({ buffer }: ArrayBufferView): boolean {
  try {
    // What is detached can't even be cut into nothing.
    buffer.slice(0, 0)
    return false
  } catch {
    return true
  }
}
