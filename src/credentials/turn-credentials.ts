import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { checkWord } from '../stream/checks.ts'
import { type CloudflareTurnOptions, getCloudflareTurnCredentials } from './cloudflare.ts'
import { getHfTurnCredentials, type HfTurnOptions } from './hugging-face.ts'
import { getTwilioTurnCredentials, type TwilioTurnOptions } from './twilio.ts'

/** What each provider is asked with. */
export interface TurnOptionsByMethod {
  /** See {@link getCloudflareTurnCredentials}. */
  cloudflare: CloudflareTurnOptions
  /** See {@link getHfTurnCredentials}. */
  hf: HfTurnOptions
  /** See {@link getTwilioTurnCredentials}. */
  twilio: TwilioTurnOptions
}

/**
 * Credentials for the TURN servers of a provider.
 *
 * ```ts
 * new Stream({ handler, rtcConfiguration: () => getTurnCredentials('cloudflare') })
 * ```
 *
 * @param method - which provider
 * @param options - as that provider's own function takes them; keys come from the environment by default
 * @returns for `rtcConfiguration`
 * @throws CredentialsError when a key is missing or refused, naming its environment variable and never its value;
 * RangeError for another method
 */
export async function getTurnCredentials<Method extends keyof TurnOptionsByMethod>(
  method: Method,
  options: TurnOptionsByMethod[Method] = {},
): Promise<RtcConfiguration> {
  const ask = { cloudflare: getCloudflareTurnCredentials, hf: getHfTurnCredentials, twilio: getTwilioTurnCredentials }
  return ask[checkWord('method', method, ['cloudflare', 'hf', 'twilio'])](options)
}
