import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { ConfigurationError } from '../errors.ts'
import type { Logger } from '../session/logger.ts'
import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { checkObject, wrongType } from './checks.ts'
import type { RtcConfigurationSource } from './stream-options.ts'

/** A STUN server as its URL names it. */
export interface StunServer {
  /** A name or an IP address, without brackets. */
  host: string
  /** A UDP port. */
  port: number
}

/**
 * The STUN servers in the server's own configuration (RFC 7064).
 *
 * @param configuration - as a user gave it, or a function of the user's made it
 * @returns the servers, in order
 * @throws TypeError or RangeError naming a URL that can't be used
 */
export function stunServers(configuration: RtcConfiguration): StunServer[] {
  const { iceServers = [] } = checkObject('serverRtcConfiguration', configuration)
  if (!Array.isArray(iceServers)) throw wrongType('serverRtcConfiguration.iceServers', 'a list', iceServers)
  return iceServers.flatMap((server: unknown) => {
    const { urls } = checkObject('serverRtcConfiguration.iceServers', server)
    return [urls].flat().map(parseStunUrl)
  })
}

/**
 * Looks the servers' names up, for the media engine never does.
 *
 * @param servers - names or addresses
 * @param logger - is told of a name that can't be found; the server is then left out
 * @returns each as `ip:port`
 */
export async function resolveStunServers(servers: readonly StunServer[], logger: Logger): Promise<string[]> {
  const found = await Promise.all(servers.map((server) => resolveOne(server, logger)))
  return found.filter((address) => address !== undefined)
}

/**
 * A configuration for one request.
 *
 * @param name - the option's
 * @param source - as a user gave it
 * @param request - what a function is called with
 * @returns a fresh configuration from a function, else the one that was given
 * @throws ConfigurationError when the function fails or returns something else
 */
export async function configurationFor(
  name: string,
  source: RtcConfigurationSource,
  request: Request | undefined,
): Promise<RtcConfiguration> {
  if (typeof source !== 'function') return source
  try {
    return checkObject(name, await source(request))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigurationError(`The function ${name} failed: ${why}`, { cause })
  }
}

function parseStunUrl(url: unknown): StunServer {
  if (typeof url !== 'string')
    throw wrongType('serverRtcConfiguration.iceServers.urls', 'a string or a list of strings', url)
  const name = `The URL '${url}' in the option serverRtcConfiguration`
  if (/^turns?:/i.test(url)) {
    throw new RangeError(
      `${name} is a TURN server, which the server itself can't use; give it to clients in rtcConfiguration`,
    )
  }
  const [, bracketed, plain, port = '3478'] =
    /^stun:(?:\[([\da-f:.]+)\]|([^\s:/?[\]]+))(?::(\d{1,5}))?$/i.exec(url) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new RangeError(`${name} must look like 'stun:stun.example.org:3478'`)
  }
  return { host, port: Number(port) }
}

async function resolveOne({ host, port }: StunServer, logger: Logger): Promise<string | undefined> {
  try {
    const { address } = await lookup(host)
    return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
  } catch (error) {
    logger.warn(`The STUN server ${host} is left out: ${String(error)}`)
    return undefined
  }
}
