import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { checkObject } from '../stream/checks.ts'
import { keyFrom, requestTurn, ttlFrom, type TurnOptions } from './turn-request.ts'

/** How Cloudflare is asked. */
export interface CloudflareTurnOptions extends TurnOptions {
  /** The TURN key's id; by default of the environment variable `CLOUDFLARE_TURN_KEY_ID`. */
  keyId?: string
  /** The TURN key's API token; by default of the environment variable `CLOUDFLARE_TURN_KEY_API_TOKEN`. */
  apiToken?: string
}

/**
 * Credentials for the TURN servers of Cloudflare Realtime
 * (developers.cloudflare.com/realtime/turn/generate-credentials).
 *
 * @param options - the keys and the time that the credentials hold
 * @returns for `rtcConfiguration`
 * @throws CredentialsError when a key is missing or refused, naming its environment variable and never its value
 */
export async function getCloudflareTurnCredentials(options: CloudflareTurnOptions = {}): Promise<RtcConfiguration> {
  checkObject('', options, ['keyId', 'apiToken', 'ttl', 'signal'])
  const ttl = ttlFrom(options.ttl)
  const keyId = keyFrom('keyId', options.keyId, 'CLOUDFLARE_TURN_KEY_ID')
  const apiToken = keyFrom('apiToken', options.apiToken, 'CLOUDFLARE_TURN_KEY_API_TOKEN')
  const path = `/v1/turn/keys/${encodeURIComponent(keyId)}/credentials/generate-ice-servers`
  return requestTurn(
    {
      provider: 'Cloudflare',
      url: `https://rtc.live.cloudflare.com${path}`,
      init: {
        method: 'POST',
        headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ttl }),
      },
      variables: ['CLOUDFLARE_TURN_KEY_ID', 'CLOUDFLARE_TURN_KEY_API_TOKEN'],
      read: ({ iceServers }) => ({ iceServers: [iceServers].flat() }),
    },
    options.signal,
  )
}
