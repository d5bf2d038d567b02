import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { checkInteger, checkJson, checkObject, checkWord, wrongType } from './checks.ts'

const NAMES = ['iceServers', 'iceTransportPolicy', 'bundlePolicy', 'iceCandidatePoolSize']
const SERVER_NAMES = ['urls', 'username', 'credential']
const EXAMPLE = "such as 'stun:stun.example.org:3478'"

/**
 * Checks the part of an `RTCConfiguration` that is plain JSON, so that a browser will take it.
 *
 * @param name - the option's
 * @param value - as a user gave it, or a function of the user's made it
 * @param names - whether names that aren't known are refused; what a provider of TURN servers answers may have more
 * @throws TypeError or RangeError naming the value that can't be used; never a credential's
 */
export function checkRtcConfiguration(
  name: string,
  value: unknown,
  names: 'strict' | 'lenient' = 'strict',
): asserts value is RtcConfiguration {
  const isStrict = names === 'strict'
  const configuration = checkObject(name, value, isStrict ? NAMES : undefined)
  const { iceServers, iceTransportPolicy, bundlePolicy, iceCandidatePoolSize } = configuration
  if (iceServers !== undefined) checkServers(`${name}.iceServers`, iceServers, isStrict)
  if (iceTransportPolicy !== undefined) checkWord(`${name}.iceTransportPolicy`, iceTransportPolicy, ['all', 'relay'])
  if (bundlePolicy !== undefined) {
    checkWord(`${name}.bundlePolicy`, bundlePolicy, ['balanced', 'max-bundle', 'max-compat'])
  }
  if (iceCandidatePoolSize !== undefined) {
    checkInteger(`${name}.iceCandidatePoolSize`, iceCandidatePoolSize, [0, 255])
  }
  checkJson(name, configuration)
}

function checkServers(name: string, servers: unknown, isStrict: boolean): void {
  if (!Array.isArray(servers)) throw wrongType(name, 'a list', servers)
  for (const [i, server] of servers.entries()) {
    const fields = checkObject(`${name}[${i}]`, server, isStrict ? SERVER_NAMES : undefined)
    checkUrls(`${name}[${i}].urls`, fields['urls'])
    checkLogin(`${name}[${i}]`, fields)
  }
}

function checkUrls(name: string, urls: unknown): void {
  const list: readonly unknown[] = Array.isArray(urls) ? urls : [urls]
  if (list.length === 0) throw wrongType(name, `a URL or a list of some, ${EXAMPLE}`, urls)
  for (const url of list) {
    if (typeof url !== 'string') throw wrongType(name, `a URL or a list of some, ${EXAMPLE}`, url)
    if (!/^(stun|turn)s?:[^\s/]+$/i.test(url)) {
      throw new RangeError(`The option ${name} must have URLs of STUN or TURN servers, ${EXAMPLE}, not '${url}'`)
    }
  }
}

/** Browsers refuse a TURN server without both (WebRTC, section 4.4.1.6). */
function checkLogin(name: string, { urls, ...login }: Record<string, unknown>): void {
  const isTurn = [urls].flat().some((url) => /^turns?:/i.test(String(url)))
  for (const field of ['username', 'credential']) {
    const value = login[field]
    if (typeof value === 'string' || (value === undefined && !isTurn)) continue
    const why = value === undefined ? 'is missing: a TURN server needs one' : `must be a string, not a ${typeof value}`
    throw new TypeError(`The option ${name}.${field} ${why}`)
  }
}
