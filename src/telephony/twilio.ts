import { checkObject } from '../stream/checks.ts'
import { countOf, fieldsOf, textOf, textsOf } from './message-fields.ts'
import type { CallRequest, IncomingCall, ProviderMessage, SignedRequest, TelephoneProvider } from './provider.ts'
import { apiAddress, neededKey, optionalKey } from './provider-keys.ts'
import { askProvider, providerError, type ProviderRequest } from './provider-request.ts'
import { isTwilioSignature } from './twilio-signature.ts'

/** Characters of the parameter `Twiml` (https://www.twilio.com/docs/voice/api/call-resource). */
const MAX_TWIML = 4000

/** How Twilio is reached. */
export interface TwilioOptions {
  /** The account, to place calls. By default of the environment variable `TWILIO_ACCOUNT_SID`. */
  readonly accountSid?: string
  /** Checks webhooks and sockets, and places calls. By default of the environment variable `TWILIO_AUTH_TOKEN`. */
  readonly authToken?: string
  /** Another region's API, such as `'https://api.dublin.ie1.twilio.com'`. Default `'https://api.twilio.com'`. */
  readonly baseURL?: string
}

/**
 * Twilio as the phone provider: Media Streams (https://www.twilio.com/docs/voice/media-streams/websocket-messages).
 *
 * @param options - the account's keys
 * @returns for the option `telephony.provider` of a stream
 * @throws TypeError naming an option that can't be used, never with a key in it
 */
export function twilio(options: TwilioOptions = {}): TelephoneProvider {
  return new Twilio(options)
}

// A class with private fields, for what prints a stream's options must not print a key.
class Twilio implements TelephoneProvider {
  readonly name = 'Twilio'
  readonly remedy = 'set the environment variable TWILIO_AUTH_TOKEN, or give twilio() the option authToken'
  readonly streamAttributes = {}
  readonly streamField = 'streamSid'
  readonly #accountSid: string | undefined
  readonly #authToken: string | undefined
  readonly #baseURL: string

  constructor(options: TwilioOptions) {
    checkObject('twilio', options, ['accountSid', 'authToken', 'baseURL'])
    this.#accountSid = optionalKey('accountSid', options.accountSid, 'TWILIO_ACCOUNT_SID')
    this.#authToken = optionalKey('authToken', options.authToken, 'TWILIO_AUTH_TOKEN')
    this.#baseURL = apiAddress(options.baseURL ?? 'https://api.twilio.com')
  }

  get isGuarded(): boolean {
    return this.#authToken !== undefined
  }

  verifyWebhook({ urls, body, header }: SignedRequest): boolean {
    const signature = header('x-twilio-signature')
    return (
      this.#authToken !== undefined && isTwilioSignature(signature, this.#authToken, urls, new URLSearchParams(body))
    )
  }

  /** Twilio signs the `wss` address, without anything behind it. */
  verifySocket(request: SignedRequest): boolean {
    return this.verifyWebhook({ ...request, body: '' })
  }

  readCall(form: Readonly<Record<string, string>>): IncomingCall | undefined {
    const { CallSid: callId, From: from = '', To: to = '' } = form
    return callId === undefined ? undefined : { callId, from, to, form }
  }

  readMessage(message: Readonly<Record<string, unknown>>): ProviderMessage | undefined {
    const streamId = textOf(message['streamSid'])
    switch (message['event']) {
      case 'start':
        return readStart(fieldsOf(message['start']), streamId)
      case 'media':
        return streamId === undefined ? undefined : readMedia(fieldsOf(message['media']), streamId)
      case 'mark':
        return named('mark', textOf(fieldsOf(message['mark'])['name']))
      case 'dtmf':
        return named('dtmf', textOf(fieldsOf(message['dtmf'])['digit']))
      case 'connected':
      case 'stop':
        return { kind: message['event'] }
      default:
        return typeof message['event'] === 'string' ? { kind: 'other' } : undefined
    }
  }

  media(streamSid: string, payload: string): string {
    return JSON.stringify({ event: 'media', streamSid, media: { payload } })
  }

  mark(streamSid: string, name: string): string {
    return JSON.stringify({ event: 'mark', streamSid, mark: { name } })
  }

  clear(streamSid: string): string {
    return JSON.stringify({ event: 'clear', streamSid })
  }

  /** `POST /2010-04-01/Accounts/{AccountSid}/Calls.json` (https://www.twilio.com/docs/voice/api/call-resource). */
  async placeCall({ to, from, markup, ringSeconds, signal }: CallRequest): Promise<string> {
    const accountSid = neededKey('accountSid', this.#accountSid, 'TWILIO_ACCOUNT_SID')
    const authToken = neededKey('authToken', this.#authToken, 'TWILIO_AUTH_TOKEN')
    checkLength(markup)
    const login = Buffer.from(`${accountSid}:${authToken}`).toString('base64')
    const request: ProviderRequest = {
      provider: this.name,
      url: `${this.#baseURL}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Calls.json`,
      authorization: `Basic ${login}`,
      body: new URLSearchParams({ To: to, From: from, Twiml: markup, Timeout: String(ringSeconds) }),
      secrets: [login, authToken],
      keys: 'TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or the options in their place',
      signal,
    }
    const sid = textOf((await askProvider(request))['sid'])
    if (sid === undefined) throw providerError(request, 'answered a call without its sid')
    return sid
  }
}

function checkLength({ length }: string): void {
  if (length <= MAX_TWIML) return
  throw new RangeError(
    `The options greeting and farewell make ${length} characters of TwiML; Twilio takes ${MAX_TWIML} with a call: shorten them`,
  )
}

function readStart(start: Readonly<Record<string, unknown>>, outer: string | undefined): ProviderMessage | undefined {
  const streamId = textOf(start['streamSid']) ?? outer
  const callId = textOf(start['callSid'])
  const { encoding, sampleRate, channels } = fieldsOf(start['mediaFormat'])
  if (streamId === undefined || callId === undefined) return undefined
  return {
    kind: 'start',
    streamId,
    callId,
    from: undefined,
    to: undefined,
    encoding: encoding === 'audio/x-mulaw' ? 'mulaw' : String(encoding),
    sampleRate: countOf(sampleRate) ?? 0,
    channels: countOf(channels) ?? 1,
    parameters: textsOf(start['customParameters']),
  }
}

function readMedia(media: Readonly<Record<string, unknown>>, streamId: string): ProviderMessage | undefined {
  const { payload, chunk, track } = media
  // What the call's other track carries is our own audio.
  if (track === 'outbound') return { kind: 'other' }
  return typeof payload === 'string' ? { kind: 'media', streamId, chunk: countOf(chunk), payload } : undefined
}

function named(kind: 'mark' | 'dtmf', value: string | undefined): ProviderMessage | undefined {
  if (value === undefined) return undefined
  return kind === 'mark' ? { kind, name: value } : { kind, digit: value }
}
