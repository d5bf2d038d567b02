/**
 * An object in a provider's message.
 *
 * @param value - of any JSON type
 * @returns its fields; none for anything else
 */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

/**
 * A text in a provider's message.
 *
 * @param value - of any JSON type
 * @returns it; undefined when it is empty or no text
 */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * A number in a provider's message; providers write most of theirs as texts.
 *
 * @param value - of any JSON type
 * @returns a natural number or 0; undefined for anything else
 */
export function countOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined
}

/**
 * The texts among the fields of an object.
 *
 * @param value - of any JSON type
 * @returns a fresh object
 */
export function textsOf(value: unknown): Record<string, string> {
  const texts = Object.entries(fieldsOf(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return Object.fromEntries(texts)
}
