import { createHmac, randomBytes } from 'node:crypto'
import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { checkObject } from '../stream/checks.ts'
import { checkRtcConfiguration } from '../stream/rtc-configuration.ts'
import { ttlFrom } from './turn-request.ts'

/** What credentials for a TURN server of one's own are made of. */
export interface CoturnOptions {
  /** What coturn has as `static-auth-secret`, with `use-auth-secret`. */
  secret: string
  /** The server's URLs, such as `'turn:turn.example.org:3478'`. */
  urls: string | string[]
  /** For how long the credentials hold, in seconds, 1 to 86,400; 600 by default. */
  ttl?: number
}

/**
 * Credentials for coturn, or another TURN server that shares a secret with this one; no service is asked
 * (draft-uberti-behave-turn-rest-00, section 2.2).
 *
 * @param options - the secret, the URLs and the time that the credentials hold
 * @returns for `rtcConfiguration` and `serverRtcConfiguration`
 * @throws TypeError or RangeError naming what can't be used; never the secret
 */
export function getCoturnCredentials(options: CoturnOptions): RtcConfiguration {
  const { secret, urls, ttl } = checkObject('', options, ['secret', 'urls', 'ttl']) as Partial<CoturnOptions>
  if (typeof secret !== 'string' || secret === '')
    throw new TypeError('The option secret must be a string that is not empty')
  // A name of its own for each caller: a server may count what each uses.
  const username = `${Math.floor(Date.now() / 1000) + ttlFrom(ttl)}:${randomBytes(8).toString('hex')}`
  const credential = createHmac('sha1', secret).update(username).digest('base64')
  const configuration = { iceServers: [{ urls, username, credential }] }
  checkRtcConfiguration('credentials', configuration)
  return configuration
}
