/**
 * Names a value in an error message: short, on one line, and never the contents of a large one.
 *
 * @param value - anything
 * @returns such as `"stereo51"`, `[number, Uint8Array(960)]` or `Promise`
 */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (Array.isArray(value)) return describeArray(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return String(value)
  if (ArrayBuffer.isView(value) && 'length' in value) return `${className(value)}(${String(value.length)})`
  return className(value)
}

function describeArray(values: readonly unknown[]): string {
  const shown = values.slice(0, 4).map(describeShallow)
  return `[${shown.join(', ')}${values.length > 4 ? ', …' : ''}]`
}

function describeShallow(value: unknown): string {
  return Array.isArray(value) ? `an array of ${value.length}` : describe(value)
}

function className(value: object): string {
  try {
    const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name
    if (typeof name === 'string' && name !== '') return name
  } catch {
    // A getter or a proxy may throw, and the error that is being made says more.
  }
  return 'an object'
}
