import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { checkObject } from '../stream/checks.ts'
import { keyFrom, requestTurn, ttlFrom, type TurnOptions } from './turn-request.ts'

/** How Twilio is asked. */
export interface TwilioTurnOptions extends TurnOptions {
  /** By default of the environment variable `TWILIO_ACCOUNT_SID`. */
  accountSid?: string
  /** By default of the environment variable `TWILIO_AUTH_TOKEN`. */
  authToken?: string
}

/**
 * Credentials for the servers of Twilio's Network Traversal Service (twilio.com/docs/stun-turn/api).
 *
 * @param options - the keys and the time that the credentials hold
 * @returns for `rtcConfiguration`
 * @throws CredentialsError when a key is missing or refused, naming its environment variable and never its value
 */
export async function getTwilioTurnCredentials(options: TwilioTurnOptions = {}): Promise<RtcConfiguration> {
  checkObject('', options, ['accountSid', 'authToken', 'ttl', 'signal'])
  const ttl = ttlFrom(options.ttl)
  const accountSid = keyFrom('accountSid', options.accountSid, 'TWILIO_ACCOUNT_SID')
  const authToken = keyFrom('authToken', options.authToken, 'TWILIO_AUTH_TOKEN')
  const login = Buffer.from(`${accountSid}:${authToken}`).toString('base64')
  return requestTurn(
    {
      provider: 'Twilio',
      url: `https://api.twilio.com/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Tokens.json`,
      init: {
        method: 'POST',
        headers: { authorization: `Basic ${login}` },
        body: new URLSearchParams({ Ttl: String(ttl) }),
      },
      variables: ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'],
      read: ({ ice_servers: servers }) => ({ iceServers: servers }),
    },
    options.signal,
  )
}
