import { describe } from '../frames/describe.ts'
import { checkBoolean, checkObject } from '../stream/checks.ts'
import type { TelephoneDesk } from '../telephony/telephone-desk.ts'
import type { TelephonyOptions } from '../telephony/telephony-options.ts'

/** Who may use a stream's routes, and how patient they are. Part of the options of `Stream`. */
export interface ServerOptions {
  /**
   * Origins of other sites whose pages may talk to this stream, such as `'https://example.org'`, or `'*'` for every
   * site. Pages of the same origin and programs that are no browser always may. Default: no other site.
   */
  readonly allowedOrigins?: '*' | readonly string[]
  /** Seconds, more than 0, that a request may take to send its body; after them the answer is status 408. Default 10. */
  readonly requestTimeout?: number
  /** How the stream is reached by telephone, and calls somebody. Default: it isn't, and doesn't. */
  readonly telephony?: TelephonyOptions
}

/** How the routes are mounted on a server. */
export interface MountOptions {
  /** Whether the built-in page is served too, at the path that the routes are mounted under. Default false. */
  readonly page?: boolean
}

/**
 * Checks how the routes are to be mounted.
 *
 * @param options - as the user gave them
 * @returns whether the built-in page is served too
 * @throws TypeError naming an option that doesn't exist, or the value that can't be used
 */
export function wantsPage(options: MountOptions): boolean {
  const { page = false } = checkObject('', options, ['page'])
  return checkBoolean('page', page)
}

/** What the routes go by: {@link ServerOptions}, checked and completed. */
export interface RouteSettings {
  /** Origins that are allowed beside the server's own; `'*'` allows all. */
  readonly allowedOrigins: '*' | ReadonlySet<string>
  /** Milliseconds for a request's body. */
  readonly bodyTimeoutMs: number
  /** Answers the telephone, for a stream that does. */
  readonly telephone: TelephoneDesk | undefined
}

/**
 * Checks the server's part of a stream's options.
 *
 * @param options - as the user gave them
 * @param telephone - made of the option `telephony`
 * @returns the same with defaults filled in
 * @throws TypeError or RangeError naming the value that can't be used
 */
export function routeSettings(
  options: Omit<ServerOptions, 'telephony'>,
  telephone: TelephoneDesk | undefined,
): RouteSettings {
  const { allowedOrigins = [], requestTimeout = 10 } = options
  if (typeof requestTimeout !== 'number' || !(requestTimeout > 0 && requestTimeout <= 3600)) {
    throw new RangeError(`requestTimeout must be above 0 and at most 3600 seconds, not ${describe(requestTimeout)}`)
  }
  return { allowedOrigins: originSet(allowedOrigins), bodyTimeoutMs: requestTimeout * 1000, telephone }
}

function originSet(allowed: '*' | readonly string[]): '*' | ReadonlySet<string> {
  if (allowed === '*') return allowed
  if (!Array.isArray(allowed)) {
    throw new TypeError(`allowedOrigins must be '*' or a list of origins, not ${describe(allowed)}`)
  }
  return new Set(allowed.map(checkedOrigin))
}

/** An origin as browsers send it (RFC 6454, section 6.2): scheme and host, a port unless it is the scheme's own. */
function checkedOrigin(origin: unknown): string {
  const shape = /^[a-z][a-z\d+.-]*:\/\/[^/\s]+$/i
  if (typeof origin === 'string' && shape.test(origin) && URL.canParse(origin)) return origin.toLowerCase()
  throw new TypeError(`allowedOrigins must hold origins like 'https://example.org', not ${describe(origin)}`)
}
