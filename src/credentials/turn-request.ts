import { CredentialsError } from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'
import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { checkInteger } from '../stream/checks.ts'
import { checkRtcConfiguration } from '../stream/rtc-configuration.ts'

/** What all providers are asked with. */
export interface TurnOptions {
  /** For how long the credentials hold, in seconds, 1 to 86,400; 600 by default. */
  ttl?: number
  /** Gives up when it is aborted. By default after 10 s. */
  signal?: AbortSignal
}

/** How one provider is asked. */
export interface TurnRequest {
  /** The provider, in words. */
  readonly provider: string
  /** Where it answers. */
  readonly url: string | URL
  /** For `fetch`. */
  readonly init: RequestInit
  /** Environment variables that hold what it accepts or refuses. */
  readonly variables: readonly string[]
  /** Makes a configuration of its answer. */
  read(answer: Readonly<Record<string, unknown>>): unknown
}

/**
 * Asks a provider for credentials.
 *
 * @param request - how
 * @param signal - gives up when it is aborted
 * @returns what it gave
 * @throws CredentialsError when it can't be reached, refuses the key, or answers something else; never with a key in it
 */
export async function requestTurn(request: TurnRequest, signal: AbortSignal | undefined): Promise<RtcConfiguration> {
  const { provider, url, init, variables } = request
  const patience = signal ?? AbortSignal.timeout(10_000)
  // A redirect would carry the key along to somebody else.
  const asked = fetch(url, { ...init, redirect: 'error', signal: patience })
  const response = await asked.catch((cause: unknown) => {
    throw new CredentialsError(`${provider} can't be reached: ${messageOf(cause)}`, { cause })
  })
  if (!response.ok) {
    const where = `check ${variables.join(' and ')}, or the arguments in their place`
    throw new CredentialsError(`${provider} refused to give TURN credentials (status ${response.status}): ${where}`)
  }
  try {
    const configuration: unknown = request.read((await response.json()) as Record<string, unknown>)
    checkRtcConfiguration('answer', configuration, 'lenient')
    return configuration
  } catch (cause) {
    throw new CredentialsError(`${provider} answered something that is no list of ICE servers`, { cause })
  }
}

/**
 * A key, from the arguments or the environment.
 *
 * @param name - the argument's
 * @param value - as a user gave it
 * @param variable - of the environment
 * @returns the key
 * @throws CredentialsError naming both when there is none, TypeError for one that is no string
 */
export function keyFrom(name: string, value: string | undefined, variable: string): string {
  const key = value ?? process.env[variable]
  if (typeof key === 'string' && key.trim() !== '') return key.trim()
  if (value !== undefined && typeof value !== 'string') {
    throw new TypeError(`The option ${name} must be a string, not ${typeof value}`)
  }
  throw new CredentialsError(`There is no key: set the environment variable ${variable}, or give the option ${name}`)
}

/**
 * For how long credentials hold.
 *
 * @param ttl - as a user gave it
 * @returns seconds
 * @throws TypeError or RangeError naming the value
 */
export function ttlFrom(ttl = 600): number {
  return checkInteger('ttl', ttl, [1, 86_400])
}
