import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { checkObject } from '../stream/checks.ts'
import { keyFrom, requestTurn, ttlFrom, type TurnOptions } from './turn-request.ts'

/** How the service for accounts of Hugging Face is asked. */
export interface HfTurnOptions extends TurnOptions {
  /** An access token of Hugging Face; by default of the environment variable `HF_TOKEN`. */
  token?: string
}

/**
 * Credentials for the TURN servers that accounts of Hugging Face may use: the service of the Python library's authors. It
 * is a third party that the token is sent to: give it one with no rights beyond reading public things.
 *
 * @param options - the token and the time that the credentials hold
 * @returns for `rtcConfiguration`
 * @throws CredentialsError when the token is missing or refused, naming its environment variable and never its value
 */
export async function getHfTurnCredentials(options: HfTurnOptions = {}): Promise<RtcConfiguration> {
  checkObject('', options, ['token', 'ttl', 'signal'])
  const ttl = ttlFrom(options.ttl)
  const token = keyFrom('token', options.token, 'HF_TOKEN')
  return requestTurn(
    {
      provider: 'The TURN service for Hugging Face',
      // The alias turn.fastrtc.org, which older clients use, is delegated to nobody: whoever claims it would get the token.
      url: `https://fastrtc-turn-service.hf.space/credentials?ttl=${ttl}`,
      init: { headers: { authorization: `Bearer ${token}` } },
      variables: ['HF_TOKEN'],
      read: ({ iceServers }) => ({ iceServers: [iceServers].flat() }),
    },
    options.signal,
  )
}
