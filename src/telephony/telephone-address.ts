import { describe } from '../frames/describe.ts'

/** Where the provider posts the webhook of an incoming call, below the mount path. */
export const WEBHOOK_PATH = '/telephone/incoming'
/** Where the provider's media socket connects, below the mount path. */
export const HANDLER_PATH = '/telephone/handler'

/** Where the provider reaches the routes. */
export interface PublicAddress {
  /** Scheme, host, and a port unless it is the scheme's own. */
  readonly origin: string
  /** Prefix of the routes, empty or with a leading slash; undefined: the one that they are mounted under. */
  readonly prefix: string | undefined
}

/**
 * Checks the option `publicUrl`.
 *
 * @param value - as a user gave it; undefined for none
 * @param insecure - whether plain HTTP is as good
 * @returns its parts
 * @throws TypeError naming the value
 */
export function publicAddress(value: unknown, insecure: boolean): PublicAddress | undefined {
  if (value === undefined) return undefined
  const wanted = "an address like 'https://voice.example.org' under which the provider reaches this server"
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  const isPlain = url !== undefined && url.username + url.password + url.search + url.hash === ''
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`The option telephony.publicUrl must be ${wanted}, not ${describe(value)}`)
  }
  if (url.protocol === 'http:' && !insecure && !isLoopback(url.hostname)) {
    throw new TypeError(
      `The option telephony.publicUrl must begin with https, for providers connect media by TLS only; it is ${describe(value)}`,
    )
  }
  const prefix = url.pathname.replace(/\/+$/, '')
  return { origin: url.origin, prefix: prefix === '' ? undefined : prefix }
}

/**
 * The addresses of a route as a provider may know them: what its signature covers.
 *
 * @param known - of the option `publicUrl`
 * @param mounted - the prefix that the routes are mounted under, and the request's header `Host`
 * @param route - the path of the route, below the prefix
 * @param scheme - of the route's addresses: an `s` comes behind it where they are
 * @returns one; without `publicUrl` one by the header `Host` for each scheme, the likelier first, none when that is no host
 */
export function addressesOf(
  known: PublicAddress | undefined,
  mounted: { readonly prefix: string; readonly host: string | undefined },
  route: string,
  scheme: 'http' | 'ws',
): readonly string[] {
  const prefix = known?.prefix ?? mounted.prefix
  if (known !== undefined) return [known.origin.replace(/^http/, scheme) + prefix + route]
  const { host = '' } = mounted
  if (!/^[\w.\-[\]:]{1,255}$/.test(host) || !URL.canParse(`https://${host}/`)) return []
  const addresses = [`${scheme}s://${host}${prefix}${route}`, `${scheme}://${host}${prefix}${route}`]
  // Nothing stands in front of this machine's own address to do TLS for it.
  return isLoopback(new URL(`https://${host}/`).hostname) ? addresses.toReversed() : addresses
}

/**
 * The part of a request's path in front of a route.
 *
 * @param path - the whole
 * @param route - with a leading slash
 * @returns empty, or with a leading slash
 */
export function mountedPrefix(path: string, route: string): string {
  return path.endsWith(route) ? path.slice(0, -route.length) : ''
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/i.test(hostname)
}
