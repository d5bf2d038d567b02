import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * Twilio's signature of a request: HMAC-SHA1, keyed by the auth token, over the address followed by the names and values of the
 * form in the order of the names (https://www.twilio.com/docs/usage/security#validating-requests).
 *
 * @param authToken - the account's
 * @param url - the address that Twilio asked for, with its query
 * @param form - what it posted; empty for a socket
 * @returns in Base64
 */
export function twilioSignature(authToken: string, url: string, form: URLSearchParams): string {
  const names = [...new Set(form.keys())].sort()
  // A name that was posted several times counts with each of its different values, in their order, as in Twilio's own libraries.
  const values = (name: string): string[] => [...new Set(form.getAll(name))].sort()
  const text = names.reduce((all, name) => values(name).reduce((each, value) => each + name + value, all), url)
  return createHmac('sha1', authToken).update(text, 'utf8').digest('base64')
}

/**
 * Whether a signature is one of an address. Twilio writes some addresses with the port and some without, so both are tried, as
 * its own libraries do; and the path of a socket may have got a slash at its end.
 *
 * @param signature - as it came
 * @param authToken - the account's
 * @param urls - addresses that Twilio may have asked for
 * @param form - what it posted
 * @returns whether it is right; the time that this takes doesn't tell how much of it is
 */
export function isTwilioSignature(
  signature: string | undefined,
  authToken: string,
  urls: readonly string[],
  form: URLSearchParams,
): boolean {
  if (signature === undefined) return false
  const given = Buffer.from(signature)
  const matches = urls.flatMap(spellings).map((url) => isSame(given, twilioSignature(authToken, url, form)))
  return matches.includes(true)
}

function isSame(given: Buffer, right: string): boolean {
  const wanted = Buffer.from(right)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'wss:': '443', 'http:': '80', 'ws:': '80' }

function spellings(address: string): string[] {
  const { protocol, hostname, port, pathname, search } = new URL(address)
  const hosts = [hostname, `${hostname}:${port || DEFAULT_PORTS[protocol]}`]
  const paths = protocol.startsWith('ws') ? [pathname, `${pathname}/`] : [pathname]
  return hosts.flatMap((host) => paths.map((path) => `${protocol}//${host}${path}${search}`))
}
