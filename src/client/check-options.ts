import type { VideoSource } from './video-sender.ts'

/**
 * Refuses options that don't exist, for a misspelt one would be ignored.
 *
 * @param options - as a page gave them
 * @param names - which there are
 * @throws TypeError naming the one that doesn't exist, or what can't be options at all
 */
export function checkNames(options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`The options must be an object, as in connect({ url: '/voice' }), not ${inWords(options)}`)
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new TypeError(`There is no option ${unknown}; there are ${names.join(', ')}`)
}

/**
 * @param source - of a page
 * @returns the same
 * @throws TypeError for what is none
 */
export function checkVideoSource(source: VideoSource): VideoSource {
  if (source === 'camera' || source === 'screen') return source
  throw new TypeError(`The option videoSource must be 'camera' or 'screen', not ${inWords(source)}`)
}

function inWords(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}
