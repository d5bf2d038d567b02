import { describe } from '../frames/describe.ts'
import { isRecord } from '../stream/checks.ts'
import type { IncomingCall, SignedRequest, TelephoneProvider } from './provider.ts'

/**
 * Whether a webhook told of a call. Numbers and ids are tens of characters; what is longer came from no provider.
 *
 * @param call - as the provider read it
 * @param provider - that did
 * @returns whether it can be used
 * @throws TypeError for what no `readCall` may give
 */
export function isUsable(call: IncomingCall, { name }: TelephoneProvider): boolean {
  const { callId, from, to, form } = Object(call) as Partial<IncomingCall>
  const texts: readonly unknown[] = [callId, from, to]
  if (!texts.every((text) => typeof text === 'string') || !isRecord(form)) {
    throw new TypeError(
      `The method readCall of the provider ${name} must give undefined, or { callId, from, to, form } with three texts and what was posted, not ${describe(call)}`,
    )
  }
  return callId !== '' && texts.every((text) => text.length <= 256)
}

/**
 * Asks a provider whether a signature is right.
 *
 * @param provider - is asked
 * @param method - by which
 * @param request - with the signature
 * @returns what it says
 * @throws TypeError for anything but true and false: a promise would be as good as true
 */
export function verdict(
  provider: TelephoneProvider,
  method: 'verifyWebhook' | 'verifySocket',
  request: SignedRequest,
): boolean {
  const said: unknown = provider[method]?.(request)
  if (typeof said === 'boolean') return said
  throw new TypeError(
    `The method ${method} of the provider ${provider.name} must give true or false at once, not ${describe(said)}`,
  )
}

/**
 * What a provider calls a call that it has placed.
 *
 * @param callId - as it said
 * @param provider - that did
 * @returns the same
 * @throws TypeError for what is no text, or an empty one
 */
export function checkCallId(callId: unknown, { name }: TelephoneProvider): string {
  if (typeof callId === 'string' && callId !== '') return callId
  throw new TypeError(
    `The method placeCall of the provider ${name} must give what the provider calls the call, not ${describe(callId)}`,
  )
}
