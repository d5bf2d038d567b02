import type { IncomingMessage } from 'node:http'
import { TelephoneError } from '../errors.ts'
import type { TelephoneCall } from '../handlers/telephone-call.ts'
import { Refusal } from '../server/refusal.ts'
import type { Logger } from '../session/logger.ts'
import { busyMarkup, connectMarkup, type SpokenText } from './call-markup.ts'
import { type CallOptions, resolveCall } from './call-options.ts'
import { type CallConnection, CallSocket, type OpenCall } from './call-socket.ts'
import { CallTokens } from './call-tokens.ts'
import { type ExpectedCall, expectIncoming, expectUnasked, markupParameters, TOKEN } from './expected-call.ts'
import { Answer, type OutboundCall, PlacedCall } from './outbound-call.ts'
import type { StreamStart } from './provider.ts'
import { checkCallId, isUsable, verdict } from './provider-answers.ts'
import { addressesOf, HANDLER_PATH, mountedPrefix, WEBHOOK_PATH } from './telephone-address.ts'
import type { TelephonySettings } from './telephony-options.ts'

/** How long a call may be greeted, in seconds, before its media connects. */
const GREETING_SECONDS = 300
/** How long a call may take, in seconds, from when it stopped ringing until its media is there. */
const ANSWER_SECONDS = 60
/** Milliseconds between two warnings of refused requests: anybody may send such. */
const WARN_EVERY_MS = 10_000

/** Why a stream without the option `telephony` takes no calls. */
export const NO_TELEPHONE: Refusal = new Refusal(
  404,
  'telephone_not_available',
  "This stream doesn't answer the telephone: see its option telephony",
)

/** What a telephone desk needs of its stream. */
export interface DeskStream {
  /** Begins a call's session. */
  readonly open: OpenCall
  /** Whether another session finds room now. */
  hasRoom(): boolean
  /** Whether it takes no session any more. */
  isClosed(): boolean
  /** Where to write what an operator may want to read. */
  readonly logger: Logger
}

/** A webhook's request. */
export interface Webhook {
  /** Its path, with the prefix that the routes are mounted under. */
  readonly path: string
  /** Its query, empty or with its question mark. */
  readonly search: string
  /** The form as it came. */
  readonly body: string
  /** The value of a header, by its name in lower case. */
  readonly header: (name: string) => string | undefined
}

/** Answers a stream's telephone: webhooks, media sockets, and calls to be placed. */
export class TelephoneDesk {
  readonly #settings: TelephonySettings
  readonly #stream: DeskStream
  readonly #tokens = new CallTokens<ExpectedCall>()
  readonly #ringing = new Set<Answer>()
  #prefix = ''
  #warnedAt = -Infinity

  /**
   * @param settings - the option `telephony`
   * @param stream - whose telephone it is
   */
  constructor(settings: TelephonySettings, stream: DeskStream) {
    this.#settings = settings
    this.#stream = stream
  }

  /** Whether nothing is answered that isn't signed. */
  get isGuarded(): boolean {
    return !this.#settings.insecure
  }

  /** @param prefix - under which the routes are mounted, for calls that are placed before any came in */
  mountedAt(prefix: string): void {
    this.#prefix = prefix
  }

  /** The stream is closed: nobody waits any longer for calls that ring. */
  close(): void {
    for (const answer of this.#ringing)
      answer.fail(new TelephoneError('The stream was closed before the call was answered'))
  }

  /**
   * Answers the webhook of a call that comes in.
   *
   * @param webhook - what the provider posted
   * @returns markup that connects the call, or turns it away when there is no room
   * @throws Refusal with status 403 for a wrong signature, 400 for what is no webhook of a call
   */
  answer(webhook: Webhook): string {
    const { provider, farewell, greeting } = this.#settings
    const mounted = { prefix: mountedPrefix(webhook.path, WEBHOOK_PATH), host: webhook.header('host') }
    const urls = this.#addresses(mounted, WEBHOOK_PATH, 'http')
    this.#checkWebhook(webhook, urls)
    const call = provider.readCall(Object.fromEntries(new URLSearchParams(webhook.body)))
    if (call === undefined || !isUsable(call, provider)) throw notACall(provider.name)
    const [url] = this.#addresses(mounted, HANDLER_PATH, 'ws')
    if (url === undefined) throw new Refusal(400, 'unknown_host', 'The request names no host, and publicUrl is not set')
    this.mountedAt(mounted.prefix)
    if (this.#stream.isClosed() || !this.#stream.hasRoom()) return busyMarkup()
    return this.#markup(expectIncoming(call), url, GREETING_SECONDS, { greeting, farewell }).markup
  }

  /**
   * Refuses a request for a media socket whose signature is wrong.
   *
   * @param request - as `node:http` has it
   * @throws Refusal with status 403
   */
  checkSocket(request: IncomingMessage): void {
    const { provider, insecure } = this.#settings
    const path = pathOf(request)
    if (insecure) return checkNoPage(request)
    if (provider.verifySocket === undefined) return
    const mounted = { prefix: mountedPrefix(path, HANDLER_PATH), host: request.headers.host }
    const urls = this.#addresses(mounted, HANDLER_PATH, 'ws')
    if (verdict(provider, 'verifySocket', { urls, body: '', header: (name) => headerOf(request, name) })) return
    this.#warn(urls)
    throw forged(provider.name)
  }

  /**
   * Serves a media socket.
   *
   * @param connection - which
   * @returns what is to be told of its messages
   */
  serve(connection: CallConnection): CallSocket {
    const { provider } = this.#settings
    const { open } = this.#stream
    return new CallSocket({ connection, provider, open, admit: (start) => this.#admit(start) })
  }

  /**
   * Places a call.
   *
   * @param options - whom, and how
   * @returns the call, which rings from now on
   * @throws TypeError or RangeError naming an option that can't be used, CredentialsError when a key is missing, TelephoneError
   * when the provider refuses or can't be reached, there is no room for another session, or the stream was closed
   */
  async call(options: CallOptions): Promise<OutboundCall> {
    const { provider, publicAddress } = this.#settings
    const settings = resolveCall(options, this.#settings)
    if (publicAddress === undefined) {
      throw new TypeError(
        "The method call needs the option telephony.publicUrl, such as 'https://voice.example.org': the provider connects the call's media there",
      )
    }
    if (this.#stream.isClosed()) throw new TelephoneError('The stream was closed: the call was not placed')
    if (!this.#stream.hasRoom()) throw new TelephoneError('All places are taken: the call was not placed')
    const { to, from, parameters, ringSeconds, signal } = settings
    const [url = ''] = this.#addresses({ prefix: this.#prefix, host: undefined }, HANDLER_PATH, 'ws')
    const answer = this.#expectAnswer(ringSeconds + ANSWER_SECONDS, to)
    const expected: ExpectedCall = { callId: undefined, direction: 'outbound', from, to, parameters, answer }
    const { markup, token } = this.#markup(expected, url, ringSeconds + GREETING_SECONDS, settings)
    try {
      expected.callId = checkCallId(await provider.placeCall({ to, from, markup, ringSeconds, signal }), provider)
      return new PlacedCall(expected.callId, { to, from }, answer)
    } catch (error) {
      // It may have been placed nevertheless, and whoever answers is turned away then.
      this.#tokens.redeem(token)
      answer.fail(error as Error)
      throw error
    }
  }

  #expectAnswer(seconds: number, to: string): Answer {
    const answer = new Answer(seconds, to)
    this.#ringing.add(answer)
    const forget = (): void => void this.#ringing.delete(answer)
    answer.promise.then(forget, forget)
    return answer
  }

  #addresses(
    mounted: { readonly prefix: string; readonly host: string | undefined },
    route: string,
    scheme: 'http' | 'ws',
  ): readonly string[] {
    return addressesOf(this.#settings.publicAddress, mounted, route, scheme)
  }

  #checkWebhook({ search, body, header }: Webhook, urls: readonly string[]): void {
    const { provider, insecure } = this.#settings
    const request = { urls: urls.map((url) => url + search), body, header }
    if (insecure || verdict(provider, 'verifyWebhook', request)) return
    this.#warn(urls)
    throw forged(provider.name)
  }

  #markup(
    call: ExpectedCall,
    url: string,
    seconds: number,
    texts: { readonly greeting: readonly SpokenText[]; readonly farewell: readonly SpokenText[] },
  ): { readonly markup: string; readonly token: string } {
    const token = this.#tokens.issue(call, seconds)
    const { greeting, farewell } = texts
    const attributes = this.#settings.provider.streamAttributes
    const parameters = markupParameters(call, token)
    return { markup: connectMarkup({ greeting, farewell, url, attributes, parameters }), token }
  }

  /** Who shows a call's token is that call's provider. */
  #admit(start: StreamStart): { call: TelephoneCall; answer: Answer | undefined } | undefined {
    const { [TOKEN]: token, ...parameters } = start.parameters
    const { provider, insecure } = this.#settings
    const expected = token === undefined ? undefined : this.#tokens.redeem(token)
    const unasked = token === undefined && insecure ? expectUnasked({ ...start, parameters }) : undefined
    const found = expected ?? unasked
    if (found === undefined || (found.callId ?? start.callId) !== start.callId) return undefined
    const { direction, from, to, answer } = found
    const call = { provider: provider.name, direction, callId: start.callId, from, to, parameters: found.parameters }
    return { call, answer }
  }

  #warn(urls: readonly string[]): void {
    const now = performance.now()
    if (now - this.#warnedAt < WARN_EVERY_MS) return
    this.#warnedAt = now
    const { name } = this.#settings.provider
    this.#stream.logger.warn(
      `telephone: a request had no valid signature of ${name}. If ${name} sent it, check its key, and that it asked for ${urls.join(' or ') || 'a host'}: else set telephony.publicUrl. A body parser in front of the routes, such as express.urlencoded(), may have changed what was signed: mount the stream before it`,
    )
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? ''
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function notACall(provider: string): Refusal {
  return new Refusal(
    400,
    'invalid_webhook',
    `This is no webhook of ${provider} for a call: CallSid is missing or too long`,
  )
}

function forged(provider: string): Refusal {
  return new Refusal(403, 'invalid_signature', `The request has no valid signature of ${provider}`)
}

/** A provider's request has no `Origin`; a page that somebody happens to look at must not reach a handler through this machine. */
function checkNoPage({ headers: { origin, host } }: IncomingMessage): void {
  if (origin === undefined || isOwnPage(origin, host)) return
  throw new Refusal(403, 'origin_not_allowed', `A page of ${origin} may not use this server's telephone`)
}

/** Sandboxed frames of any site say `null`. */
function isOwnPage(origin: string, host: string | undefined): boolean {
  if (!URL.canParse(origin)) return false
  const { hostname, host: from } = new URL(origin)
  return from === host || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}
