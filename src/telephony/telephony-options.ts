import { CredentialsError } from '../errors.ts'
import { checkBoolean, checkObject, isRecord, wrongType } from '../stream/checks.ts'
import type { SpokenText } from './call-markup.ts'
import { callProtocol } from './call-protocol.ts'
import type { TelephoneProvider } from './provider.ts'
import { type PublicAddress, publicAddress } from './telephone-address.ts'

/** What the provider's own voice says: one text after the other. */
export type Announcement = string | SpokenText | readonly (string | SpokenText)[]

/** How a stream is reached by telephone: the option `telephony`. */
export interface TelephonyOptions {
  /** `twilio()`, `telnyx()`, or one of your own. */
  readonly provider: TelephoneProvider
  /**
   * Where the provider reaches this server, such as `'https://voice.example.org'`. Without a path, the prefix that the routes
   * are mounted under comes behind it; a path is taken for the whole prefix, as behind a proxy that changes it. Without this
   * option the request's header `Host` is believed, and `stream.call` can't be used.
   */
  readonly publicUrl?: string | undefined
  /** Said by the provider before the handler hears the caller. Default: nothing. */
  readonly greeting?: Announcement
  /** Said by the provider after the handler has ended the call with `CloseStream`, or the session ended otherwise. Default: nothing. */
  readonly farewell?: Announcement
  /**
   * Whether webhooks without a valid signature are answered, and media sockets without a call token: whoever reaches the server
   * may use it then. For tests on one's own machine. Default false.
   */
  readonly insecure?: boolean
}

/** {@link TelephonyOptions}, checked and completed. */
export interface TelephonySettings {
  /** Who carries the calls. */
  readonly provider: TelephoneProvider
  /** Where it reaches this server; undefined: where the request says. */
  readonly publicAddress: PublicAddress | undefined
  /** Said before the stream. */
  readonly greeting: readonly SpokenText[]
  /** Said after it. */
  readonly farewell: readonly SpokenText[]
  /** Whether nothing is checked. */
  readonly insecure: boolean
}

/**
 * Checks the option `telephony`.
 *
 * @param options - as a user gave them
 * @returns the same, completed
 * @throws TypeError naming the value that can't be used; CredentialsError when the provider has no key to check webhooks with
 */
export function resolveTelephony(options: TelephonyOptions): TelephonySettings {
  checkObject('telephony', options, ['provider', 'publicUrl', 'greeting', 'farewell', 'insecure'])
  const { provider, publicUrl, greeting, farewell } = options
  const insecure = checkBoolean('telephony.insecure', options.insecure ?? false)
  checkProvider(provider)
  if (!insecure && !provider.isGuarded) {
    throw new CredentialsError(
      `There is no key to check the webhooks of ${provider.name} with, so anybody could use this server by telephone: ${provider.remedy}. For tests on this machine alone: telephony.insecure: true`,
    )
  }
  return {
    provider,
    publicAddress: publicAddress(publicUrl, insecure),
    greeting: checkAnnouncement('telephony.greeting', greeting),
    farewell: checkAnnouncement('telephony.farewell', farewell),
    insecure,
  }
}

/**
 * Checks what is to be said.
 *
 * @param name - the option's
 * @param value - as a user gave it; undefined for nothing
 * @returns text by text
 * @throws TypeError naming the value
 */
export function checkAnnouncement(name: string, value: unknown): readonly SpokenText[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map((each) => checkText(name, each))
}

function checkText(name: string, value: unknown): SpokenText {
  if (typeof value === 'string' && value.trim() !== '') return { text: value }
  if (!isRecord(value))
    throw wrongType(name, "a text that isn't empty, or { text, voice?, language? }, or a list of these", value)
  const { text, voice, language } = checkObject(name, value, ['text', 'voice', 'language'])
  if (typeof text !== 'string' || text.trim() === '') throw wrongType(`${name}.text`, "a text that isn't empty", text)
  for (const [key, word] of Object.entries({ voice, language })) {
    if (word !== undefined && typeof word !== 'string') throw wrongType(`${name}.${key}`, 'a word', word)
  }
  return value as unknown as SpokenText
}

const METHODS = ['verifyWebhook', 'readCall', 'readMessage', 'media', 'mark', 'clear', 'placeCall'] as const

function checkProvider(provider: unknown): asserts provider is TelephoneProvider {
  const methods = Object(provider) as Partial<Record<(typeof METHODS)[number], unknown>>
  if (!METHODS.every((name) => typeof methods[name] === 'function')) {
    throw wrongType('telephony.provider', 'twilio(), telnyx(), or a TelephoneProvider of your own', provider)
  }
  const fields = provider as Partial<Record<keyof TelephoneProvider, unknown>>
  const { name, remedy, isGuarded, streamAttributes, streamField } = fields
  for (const [key, text] of Object.entries({ name, remedy })) {
    if (typeof text !== 'string') throw wrongType(`telephony.provider.${key}`, 'a text', text)
  }
  checkBoolean('telephony.provider.isGuarded', isGuarded)
  for (const [key, text] of Object.entries(checkObject('telephony.provider.streamAttributes', streamAttributes))) {
    if (typeof text !== 'string') throw wrongType(`telephony.provider.streamAttributes.${key}`, 'a text', text)
  }
  if (streamField !== undefined && typeof streamField !== 'string') {
    throw wrongType('telephony.provider.streamField', 'the name of a field', streamField)
  }
  // What can't be taken apart is found out now, and not when somebody calls.
  callProtocol(provider as TelephoneProvider, 'stream')
}
