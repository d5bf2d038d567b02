import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** What the checks read of a request. */
export interface RequestHead {
  /** Its headers. */
  readonly headers: { get(name: string): string | null }
  /** Its whole address. */
  readonly url: string
}

/**
 * What the checks read of a request of `node:http`.
 *
 * @param request - the request
 * @returns the same as the Fetch API has it
 */
export function headOf({ headers, url = '/' }: IncomingMessage): RequestHead {
  const get = (name: string): string | null => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }
  return { headers: { get }, url: `http://${headers.host ?? 'localhost'}${url}` }
}

/**
 * Refuses what a page of another site sends, for a session costs its server something and may tell it something.
 *
 * A browser says by itself where a request comes from, and no page can forge it: `Sec-Fetch-Site` (W3C Fetch Metadata)
 * also holds behind a proxy that rewrites `Host`; where it isn't sent, as to a plain-HTTP address, `Origin` is compared
 * with the host. A request with neither comes from no page.
 *
 * @param request - the request
 * @param allowed - origins that may beside the server's own
 * @throws Refusal with status 403 and code `origin_not_allowed`
 */
export function checkOrigin(request: RequestHead, allowed: '*' | ReadonlySet<string>): void {
  const origin = request.headers.get('origin')
  if (isAllowedOrigin(origin, allowed) || isSameOrigin(request, origin)) return
  const from = origin ?? 'another site'
  throw new Refusal(
    403,
    'origin_not_allowed',
    `A page of ${from} may not use this server; its operator can allow it with the option allowedOrigins`,
  )
}

/**
 * @param origin - the header of a request, null without one
 * @param allowed - the origins of the options
 * @returns whether it is one of them
 */
export function isAllowedOrigin(origin: string | null, allowed: '*' | ReadonlySet<string>): origin is string {
  return origin !== null && (allowed === '*' || allowed.has(origin.toLowerCase()))
}

function isSameOrigin(request: RequestHead, origin: string | null): boolean {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin' || site === 'none'
  if (origin === null) return true
  // Only the host counts: behind a proxy that speaks TLS the scheme here isn't the one that the browser sees.
  return URL.canParse(origin) && withPort(new URL(origin)) === hostOf(request, new URL(origin).protocol)
}

function hostOf(request: RequestHead, scheme: string): string {
  const host = request.headers.get('host')
  if (host === null) return withPort(new URL(request.url))
  return URL.canParse(`${scheme}//${host}`) ? withPort(new URL(`${scheme}//${host}`)) : ''
}

function withPort(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`
}

/**
 * Refuses a request whose `Host` is a name that a server on the loopback address can't have been asked for by: a foreign
 * page got there by pointing its own name at this machine (DNS rebinding), and to the browser it is of the same origin.
 *
 * @param request - the request
 * @param allowed - origins whose hosts are expected too
 * @throws Refusal with status 403 and code `host_not_allowed`
 */
export function checkLoopbackHost(request: RequestHead, allowed: '*' | ReadonlySet<string>): void {
  const host = request.headers.get('host') ?? new URL(request.url).host
  const hostname = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host
  if (LOOPBACK_NAME.test(hostname) || allowed === '*') return
  if ([...allowed].some((origin) => new URL(origin).hostname === hostname)) return
  throw new Refusal(
    403,
    'host_not_allowed',
    `This server listens on the loopback address and isn't known as ${hostname}; behind a tunnel or proxy, list its origin in the option allowedOrigins`,
  )
}

/** Addresses can't be rebound, and the name localhost is the machine's own (RFC 6761, section 6.3). */
const LOOPBACK_NAME = /^(localhost|.+\.localhost|\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\])$/i
