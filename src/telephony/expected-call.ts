import type { TelephoneCall } from '../handlers/telephone-call.ts'
import type { Answer } from './outbound-call.ts'
import type { IncomingCall, StreamStart } from './provider.ts'

/** The parameter of the markup that holds the call's token. */
export const TOKEN = 'parleyToken'

/** Who calls, as the caller's provider tells it: fields of the webhook that go to the handler, where there are any. */
const CARRIED = ['CallerName', 'CallerId', 'ForwardedFrom', 'FromCity', 'FromState', 'FromZip', 'FromCountry']
/** Characters of each that are passed on. */
const MAX_CARRIED = 400

/** A call whose media is about to connect. */
export interface ExpectedCall {
  /** What its provider calls it; undefined until the provider has said it. */
  callId: string | undefined
  /** Who called. */
  readonly direction: TelephoneCall['direction']
  /** Who calls. */
  readonly from: string
  /** Who is called. */
  readonly to: string
  /** For the handler. */
  readonly parameters: Readonly<Record<string, string>>
  /** Is told of its session. */
  readonly answer?: Answer
}

/**
 * What is kept of an incoming call until its media connects.
 *
 * @param call - what the webhook said
 * @returns with what the handler is told of the caller
 */
export function expectIncoming({ callId, from, to, form }: IncomingCall): ExpectedCall {
  const carried = CARRIED.map((name) => [name, form[name]?.slice(0, MAX_CARRIED)] as const)
  const known = carried.filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
  return { callId, direction: 'inbound', from, to, parameters: Object.fromEntries(known) }
}

/**
 * The call of a stream that begins, when no token is asked for.
 *
 * @param start - what the provider's socket said
 * @returns what is known by that
 */
export function expectUnasked({ callId, from, to, parameters }: StreamStart): ExpectedCall {
  const { From = '', To = '', ...rest } = parameters
  return { callId, direction: 'inbound', from: from ?? From, to: to ?? To, parameters: rest }
}

/**
 * What the markup passes on of a call. What else the handler is told is kept with the token: it is nobody else's business, and
 * providers take markup of a few thousand characters only.
 *
 * @param call - which
 * @param token - by which its media is known
 * @returns names and values
 */
export function markupParameters({ from, to }: ExpectedCall, token: string): Record<string, string> {
  return { [TOKEN]: token, From: from, To: to }
}
