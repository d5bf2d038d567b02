/**
 * A time in ms, in words.
 *
 * @param value - any
 * @returns such as `120 ms`
 */
export function ms(value: number): string {
  return `${Math.round(value)} ms`
}

/**
 * A time in seconds, in words.
 *
 * @param value - any
 * @returns such as `1.25 s`
 */
export function seconds(value: number): string {
  return `${Number(value.toFixed(2))} s`
}

/**
 * Parts of a sentence, with commas between.
 *
 * @param parts - empty ones are left out
 * @returns one text
 */
export function list(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(', ')
}
