import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { ConfigurationError } from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'
import type { EngineSettings } from '../native/host.ts'
import type { ServerAddresses } from '../native/server-addresses.ts'
import type { Logger } from '../session/logger.ts'
import { within } from '../session/within.ts'
import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { checkObject, wrongType } from './checks.ts'
import { checkRtcConfiguration } from './rtc-configuration.ts'
import type { RtcConfigurationSource } from './stream-options.ts'

const EXAMPLE = "'turn:turn.example.org:3478'"

/** A STUN or TURN server as its URL names it. */
export interface IceServer {
  /** A name or an IP address, without brackets. */
  host: string
  /** A UDP port. */
  port: number
  /** What a TURN server wants; a STUN server has none. */
  login?: { username: string; credential: string }
}

/** Servers as the media engine wants them. */
export type ResolvedIceServers = Pick<EngineSettings, 'stunServers'> & Required<Pick<EngineSettings, 'turnServers'>>

/**
 * The STUN and TURN servers in the server's own configuration (RFC 7064, RFC 7065).
 *
 * @param configuration - as a user gave it, or a function of the user's made it
 * @returns the servers, in order
 * @throws TypeError or RangeError naming a URL that can't be used
 */
export function iceServers(configuration: RtcConfiguration): IceServer[] {
  const { iceServers: servers = [] } = checkObject('serverRtcConfiguration', configuration)
  if (!Array.isArray(servers)) throw wrongType('serverRtcConfiguration.iceServers', 'a list', servers)
  return servers.flatMap((server: unknown) => {
    const { urls, username, credential } = checkObject('serverRtcConfiguration.iceServers', server)
    return [urls].flat().map((url: unknown) => parseUrl(url, username, credential))
  })
}

/**
 * Looks the servers' names up, for the media engine never does.
 *
 * @param servers - names or addresses
 * @param known - picks one of several addresses
 * @param logger - is told of a name that can't be found; the server is then left out
 * @returns their addresses, each `ip:port`
 */
export async function resolveIceServers(
  servers: readonly IceServer[],
  known: ServerAddresses,
  logger: Logger,
): Promise<ResolvedIceServers> {
  const addresses = await Promise.all(servers.map((server) => resolveOne(server, known, logger)))
  const resolved: ResolvedIceServers = { stunServers: [], turnServers: [] }
  for (const [index, address] of addresses.entries()) {
    const login = servers[index]?.login
    if (address === undefined) continue
    if (login === undefined) resolved.stunServers.push(address)
    else resolved.turnServers.push({ address, ...login })
  }
  return resolved
}

/**
 * A configuration for one request.
 *
 * @param name - the option's
 * @param source - as a user gave it
 * @param request - what a function is called with
 * @param seconds - how long a function may take
 * @returns a fresh configuration from a function, else the one that was given
 * @throws ConfigurationError when the function fails, returns something else, or takes longer
 */
export async function configurationFor(
  name: string,
  source: RtcConfigurationSource,
  request: Request | undefined,
  seconds: number,
): Promise<RtcConfiguration> {
  if (typeof source !== 'function') return source
  const late = (): never => {
    throw new Error(`it has not returned within ${seconds} seconds (connectTimeout)`)
  }
  try {
    const configuration: unknown = await within(seconds * 1000, source(request), late)
    checkRtcConfiguration(name, configuration, 'lenient')
    return configuration
  } catch (cause) {
    throw new ConfigurationError(`The function ${name} failed: ${messageOf(cause)}`, { cause })
  }
}

function parseUrl(url: unknown, username: unknown, credential: unknown): IceServer {
  if (typeof url !== 'string')
    throw wrongType('serverRtcConfiguration.iceServers.urls', 'a string or a list of strings', url)
  const name = `The URL '${url}' in the option serverRtcConfiguration`
  if (/^turns:/i.test(url) || /^turn:.*[?&]transport=(?!udp$)/i.test(url)) {
    throw new RangeError(`${name} can't be used: the server speaks with TURN servers over UDP alone, as in ${EXAMPLE}`)
  }
  const [, scheme = '', bracketed, plain, port = '3478', query] =
    /^(stun|turn):(?:\[([\da-f:.]+)\]|([^\s:/?[\]]+))(?::(\d{1,5}))?(\?transport=udp)?$/i.exec(url) ?? []
  const host = bracketed ?? plain
  const isTurn = scheme.toLowerCase() === 'turn'
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535 || (query !== undefined && !isTurn)) {
    throw new RangeError(`${name} must look like 'stun:stun.example.org:3478' or ${EXAMPLE}`)
  }
  const server = { host, port: Number(port) }
  return isTurn ? { ...server, login: checkLogin(name, username, credential) } : server
}

function checkLogin(name: string, username: unknown, credential: unknown): { username: string; credential: string } {
  if (typeof username === 'string' && username !== '' && typeof credential === 'string' && credential !== '') {
    return { username, credential }
  }
  const [missing, value] =
    typeof username === 'string' && username !== '' ? ['credential', credential] : ['username', username]
  throw new TypeError(
    `${name} needs a ${missing} beside it: a string, not ${typeof value === 'string' ? "''" : typeof value}`,
  )
}

async function resolveOne(
  { host, port }: IceServer,
  known: ServerAddresses,
  logger: Logger,
): Promise<string | undefined> {
  const warn = (error: unknown): string[] => {
    logger.warn(`The STUN or TURN server ${host} can't be found: ${messageOf(error)}`)
    return []
  }
  const answers = await lookup(host, { all: true }).then((all) => all.map(({ address }) => address), warn)
  const address = known.choose(host, answers)
  if (address === undefined) return undefined
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}
