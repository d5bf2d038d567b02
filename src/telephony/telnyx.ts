import type { KeyObject } from 'node:crypto'
import { checkObject } from '../stream/checks.ts'
import { countOf, fieldsOf, textOf, textsOf } from './message-fields.ts'
import type { CallRequest, IncomingCall, ProviderMessage, SignedRequest, TelephoneProvider } from './provider.ts'
import { apiAddress, neededKey, optionalKey } from './provider-keys.ts'
import { askProvider, providerError, type ProviderRequest } from './provider-request.ts'
import { isTelnyxSignature, telnyxKey } from './telnyx-signature.ts'

/** How Telnyx is reached. */
export interface TelnyxOptions {
  /** Checks webhooks: the account's public key as the portal shows it. By default of the environment variable `TELNYX_PUBLIC_KEY`. */
  readonly publicKey?: string
  /** Places calls. By default of the environment variable `TELNYX_API_KEY`. */
  readonly apiKey?: string
  /** The TeXML application that places calls. By default of the environment variable `TELNYX_CONNECTION_ID`. */
  readonly connectionId?: string
  /** Default `'https://api.telnyx.com/v2'`. */
  readonly baseURL?: string
}

/**
 * Telnyx as the phone provider: a TeXML application, whose markup streams the call both ways
 * (https://developers.telnyx.com/docs/voice/programmable-voice/texml-verbs/stream).
 *
 * @param options - the account's keys
 * @returns for the option `telephony.provider` of a stream
 * @throws TypeError naming an option that can't be used, never with a key in it
 */
export function telnyx(options: TelnyxOptions = {}): TelephoneProvider {
  return new Telnyx(options)
}

// A class with private fields, for what prints a stream's options must not print a key. Telnyx doesn't sign the request that
// opens the socket, so there is no `verifySocket`.
class Telnyx implements TelephoneProvider {
  readonly name = 'Telnyx'
  readonly remedy = 'set the environment variable TELNYX_PUBLIC_KEY, or give telnyx() the option publicKey'
  readonly streamAttributes = {
    track: 'inbound_track',
    codec: 'PCMU',
    bidirectionalMode: 'rtp',
    bidirectionalCodec: 'PCMU',
  }
  readonly streamField = 'stream_id'
  readonly #publicKey: KeyObject | undefined
  readonly #apiKey: string | undefined
  readonly #connectionId: string | undefined
  readonly #baseURL: string

  constructor(options: TelnyxOptions) {
    checkObject('telnyx', options, ['publicKey', 'apiKey', 'connectionId', 'baseURL'])
    const key = optionalKey('publicKey', options.publicKey, 'TELNYX_PUBLIC_KEY')
    this.#publicKey = key === undefined ? undefined : telnyxKey(key)
    if (key !== undefined && this.#publicKey === undefined) {
      throw new TypeError(
        'The option publicKey of telnyx() must be the 32 bytes in Base64 that the portal shows, and is no such text',
      )
    }
    this.#apiKey = optionalKey('apiKey', options.apiKey, 'TELNYX_API_KEY')
    this.#connectionId = optionalKey('connectionId', options.connectionId, 'TELNYX_CONNECTION_ID')
    this.#baseURL = apiAddress(options.baseURL ?? 'https://api.telnyx.com/v2')
  }

  get isGuarded(): boolean {
    return this.#publicKey !== undefined
  }

  verifyWebhook({ body, header }: SignedRequest): boolean {
    const [signature, timestamp] = [header('telnyx-signature-ed25519'), header('telnyx-timestamp')]
    return (
      this.#publicKey !== undefined && isTelnyxSignature(this.#publicKey, signature, timestamp, body, Date.now() / 1000)
    )
  }

  readCall(form: Readonly<Record<string, string>>): IncomingCall | undefined {
    const { CallSid: callId, From: from = '', To: to = '' } = form
    return callId === undefined ? undefined : { callId, from, to, form }
  }

  readMessage(message: Readonly<Record<string, unknown>>): ProviderMessage | undefined {
    const streamId = textOf(message['stream_id'])
    switch (message['event']) {
      case 'start':
        return readStart(fieldsOf(message['start']), streamId)
      case 'media':
        return streamId === undefined ? undefined : readMedia(fieldsOf(message['media']), streamId)
      case 'mark': {
        const name = textOf(fieldsOf(message['mark'])['name'])
        return name === undefined ? undefined : { kind: 'mark', name }
      }
      case 'dtmf': {
        const digit = textOf(fieldsOf(message['dtmf'])['digit'])
        return digit === undefined ? undefined : { kind: 'dtmf', digit }
      }
      case 'connected':
      case 'stop':
        return { kind: message['event'] }
      default:
        return typeof message['event'] === 'string' ? { kind: 'other' } : undefined
    }
  }

  media(_streamId: string, payload: string): string {
    return JSON.stringify({ event: 'media', media: { payload } })
  }

  mark(_streamId: string, name: string): string {
    return JSON.stringify({ event: 'mark', mark: { name } })
  }

  clear(): string {
    return '{"event":"clear"}'
  }

  /** `POST /texml/calls/{connection_id}` (https://developers.telnyx.com/api-reference/texml-rest-commands/create-a-connection-scoped-texml-call). */
  async placeCall({ to, from, markup, ringSeconds, signal }: CallRequest): Promise<string> {
    const apiKey = neededKey('apiKey', this.#apiKey, 'TELNYX_API_KEY')
    const connectionId = neededKey('connectionId', this.#connectionId, 'TELNYX_CONNECTION_ID')
    const request: ProviderRequest = {
      provider: this.name,
      url: `${this.#baseURL}/texml/calls/${encodeURIComponent(connectionId)}`,
      authorization: `Bearer ${apiKey}`,
      body: { To: to, From: from, Texml: markup, Timeout: ringSeconds },
      secrets: [apiKey],
      keys: 'TELNYX_API_KEY and TELNYX_CONNECTION_ID, or the options in their place',
      signal,
    }
    const id = textOf((await askProvider(request))['call_sid'])
    if (id === undefined) throw providerError(request, 'answered a call without its call_sid')
    return id
  }
}

function readStart(
  start: Readonly<Record<string, unknown>>,
  streamId: string | undefined,
): ProviderMessage | undefined {
  const callId = textOf(start['call_control_id'])
  const { encoding, sample_rate: sampleRate, channels } = fieldsOf(start['media_format'])
  if (streamId === undefined || callId === undefined) return undefined
  return {
    kind: 'start',
    streamId,
    callId,
    from: textOf(start['from']),
    to: textOf(start['to']),
    encoding: encoding === 'PCMU' ? 'mulaw' : String(encoding),
    sampleRate: countOf(sampleRate) ?? 0,
    channels: countOf(channels) ?? 1,
    parameters: textsOf(start['custom_parameters']),
  }
}

function readMedia(media: Readonly<Record<string, unknown>>, streamId: string): ProviderMessage | undefined {
  const { payload, chunk, track } = media
  if (track === 'outbound') return { kind: 'other' }
  return typeof payload === 'string' ? { kind: 'media', streamId, chunk: countOf(chunk), payload } : undefined
}
