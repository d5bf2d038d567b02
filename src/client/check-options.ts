import type { ConnectOptions } from './connect.ts'

/** What an option has to be. */
interface Rule {
  readonly isMet: (value: unknown) => boolean
  /** In words; with the remedy where that isn't plain. */
  readonly wanted: string
}

const OBJECT: Rule = { isMet: isObject, wanted: "an object, as for the browser's RTCPeerConnection" }
const DEVICE: Rule = {
  isMet: isText,
  wanted: 'the deviceId of a listed device, a string; leave it out for the default',
}
const CALLBACK: Rule = { isMet: (value) => typeof value === 'function', wanted: 'a function' }

/** Each option once, which the compiler sees to. */
const RULES: Readonly<Record<keyof ConnectOptions, Rule>> = {
  url: { isMet: isAddress, wanted: "the http or https address of the server's routes, such as '/voice'" },
  media: {
    isMet: (value) => typeof value === 'boolean' || isObject(value),
    wanted: 'true, false, constraints such as { audio: true }, or a MediaStream',
  },
  deviceId: DEVICE,
  cameraId: DEVICE,
  videoSource: oneOf('camera', 'screen'),
  player: { isMet: isPlayer, wanted: 'an audio or a video element, or null to play nothing' },
  preview: { isMet: isPlayer, wanted: 'a video element, or null for none' },
  transport: oneOf('auto', 'webrtc', 'websocket'),
  rtcConfiguration: OBJECT,
  headers: { isMet: areHeaders, wanted: "headers as for fetch, such as { authorization: 'Bearer …' }" },
  credentials: oneOf('omit', 'same-origin', 'include'),
  id: { isMet: isId, wanted: 'a string of 1 to 256 characters, none of them a control character' },
  timeoutSeconds: { isMet: isDuration, wanted: 'a number above 0 and at most 2,147,483' },
  signal: { isMet: isSignal, wanted: 'an AbortSignal: the signal of an AbortController' },
  onState: CALLBACK,
  onMessage: CALLBACK,
  onText: CALLBACK,
  onLevels: CALLBACK,
  onStats: CALLBACK,
  onClosed: CALLBACK,
}

/**
 * Refuses options that don't exist, for a misspelt one would be ignored, and those that can't be used.
 *
 * @param options - as a page gave them
 * @param names - which there are; by default all
 * @throws TypeError naming the one that doesn't exist or can't be used, or what can't be options at all; RangeError for a time
 */
export function checkOptions(options: unknown, names: readonly string[] = Object.keys(RULES)): void {
  if (!isObject(options)) {
    throw new TypeError(`The options must be an object, as in connect({ url: '/voice' }), not ${inWords(options)}`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) throw new TypeError(`There is no option ${name}; there are ${names.join(', ')}`)
    const { isMet, wanted } = RULES[name as keyof ConnectOptions]
    if (value === undefined || isMet(value)) continue
    const Kind = name === 'timeoutSeconds' ? RangeError : TypeError
    throw new Kind(`The option ${name} must be ${wanted}, not ${inWords(value)}`)
  }
}

/**
 * Refuses a device that none can be.
 *
 * @param method - which was called
 * @param deviceId - with what
 * @throws TypeError
 */
export function checkDevice(method: string, deviceId: unknown): void {
  if (deviceId === undefined || isText(deviceId)) return
  throw wrongArgument(method, DEVICE.wanted, deviceId)
}

/**
 * Refuses what is neither true nor false.
 *
 * @param method - which was called
 * @param value - with what
 * @throws TypeError
 */
export function checkSwitch(method: string, value: unknown): void {
  if (typeof value !== 'boolean') throw wrongArgument(method, 'true or false', value)
}

/**
 * Refuses what is no text.
 *
 * @param method - which was called
 * @param value - with what
 * @throws TypeError
 */
export function checkText(method: string, value: unknown): void {
  if (typeof value !== 'string') throw wrongArgument(method, 'a string, such as JSON.stringify(value)', value)
}

/**
 * Refuses constraints that none can be.
 *
 * @param method - which was called
 * @param value - with what
 * @throws TypeError
 */
export function checkConstraints(method: string, value: unknown): void {
  if (value === undefined || isObject(value)) return
  throw wrongArgument(method, 'constraints such as { frameRate: 5 }', value)
}

/**
 * Refuses what can't be called.
 *
 * @param method - which was called
 * @param value - with what
 * @throws TypeError
 */
export function checkListener(method: string, value: unknown): void {
  if (!CALLBACK.isMet(value)) throw wrongArgument(method, CALLBACK.wanted, value)
}

function wrongArgument(method: string, wanted: string, value: unknown): TypeError {
  return new TypeError(`The argument of ${method}() must be ${wanted}, not ${inWords(value)}`)
}

function oneOf(...values: readonly string[]): Rule {
  const quoted = values.map((value) => `'${value}'`)
  const wanted = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
  return { isMet: (value) => typeof value === 'string' && values.includes(value), wanted }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isAddress(value: unknown): boolean {
  const isOne = typeof value === 'string' || value instanceof URL
  return isOne && URL.canParse(value, document.baseURI) && /^https?:/.test(new URL(value, document.baseURI).protocol)
}

/** Elements of another window are no instances of this one's classes. */
function isPlayer(value: unknown): boolean {
  return value === null || (isObject(value) && 'play' in value && typeof value.play === 'function')
}

function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object') return false
  try {
    return Boolean(new Headers(value as HeadersInit))
  } catch {
    return false
  }
}

/** As servers check it. */
function isId(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= 256 && !/[\p{Cc}\u2028\u2029]/u.test(value)
}

/** Timers count milliseconds in 31 bits. */
function isDuration(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= 2_147_483
}

function isSignal(value: unknown): boolean {
  return isObject(value) && 'aborted' in value && 'addEventListener' in value
}

function inWords(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return isObject(value) ? `an object of ${value.constructor?.name ?? 'no class'}` : String(value)
}
