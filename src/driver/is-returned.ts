/**
 * Whether a function that should yield returned what it has to say: a text or audio can be iterated too, but not to be heard.
 *
 * @param value - what it returned
 * @returns whether that is no generator, though it can be iterated
 */
export function isReturned(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && typeof value[0] === 'number')
}
