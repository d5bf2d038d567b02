import { describe } from '../frames/describe.ts'

/**
 * What keeps a value from being copied to another thread.
 *
 * @param value - anything
 * @param path - what the value is called
 * @returns the innermost part that structured clone refuses, such as `args[0].then (the function then)`; undefined when
 * the value can be copied
 */
export function findUncloneable(value: unknown, path: string): string | undefined {
  return isCloneable(value) ? undefined : innermost(value, path, new Set())
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}

function innermost(value: unknown, path: string, seen: Set<unknown>): string {
  const children = typeof value === 'object' && value !== null && !seen.has(value) ? Object.entries(value) : []
  seen.add(value)
  const child = children.find(([, each]) => !isCloneable(each))
  if (child === undefined) return `${path} (${describe(value)})`
  const [key, inner] = child
  return innermost(inner, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, seen)
}
