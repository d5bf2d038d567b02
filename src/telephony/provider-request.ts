import { TelephoneError } from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'
import { spoken } from '../speech/refusal.ts'
import { countOf, fieldsOf, textOf } from './message-fields.ts'

/** Bytes of an answer that is read: what describes one call has a few kilobytes. */
const MAX_ANSWER = 256 * 1024

/** A request to a provider's REST API. */
export interface ProviderRequest {
  /** The provider, in words. */
  readonly provider: string
  /** Where it answers. */
  readonly url: string
  /** The value of the header `authorization`. */
  readonly authorization: string
  /** A form, or what JSON can carry. */
  readonly body: URLSearchParams | object
  /** What must not be in a message, the longest first. */
  readonly secrets: readonly string[]
  /** What to check when the keys are refused. */
  readonly keys: string
  /** Gives up when it is aborted. */
  readonly signal: AbortSignal
}

/**
 * Posts a request to a provider.
 *
 * @param request - what and where
 * @returns its answer's fields
 * @throws the signal's reason, or TelephoneError when the provider can't be reached, refuses, or answers something else
 */
export async function askProvider(request: ProviderRequest): Promise<Readonly<Record<string, unknown>>> {
  const response = await send(request)
  const answer = fieldsOf(await readJson(request, response))
  if (!response.ok) throw refusalOf(request, response.status, answer)
  return answer
}

/**
 * An error of a provider, without its keys.
 *
 * @param request - what it was asked
 * @param what - what it did, such as `refused the call`
 * @param options - `cause`, `status`, `providerCode`
 * @returns the error to throw
 */
export function providerError(
  { provider, secrets }: ProviderRequest,
  what: string,
  options?: ConstructorParameters<typeof TelephoneError>[1],
): TelephoneError {
  return new TelephoneError(spoken(`${provider} ${what}`, secrets), options)
}

async function send(request: ProviderRequest): Promise<Response> {
  const { url, authorization, body, signal } = request
  const isForm = body instanceof URLSearchParams
  const headers = { authorization, ...(isForm ? {} : { 'content-type': 'application/json' }) }
  try {
    // A redirect would carry the key along to somebody else.
    const options = { method: 'POST', headers, redirect: 'error', signal } as const
    return await fetch(url, { ...options, body: isForm ? body : JSON.stringify(body) })
  } catch (error) {
    signal.throwIfAborted()
    // What `fetch` throws says no more than that it failed; why is in its cause, with the address at most.
    const why = error instanceof Error && error.cause !== undefined ? error.cause : error
    throw providerError(request, `can't be reached: ${messageOf(why)}`)
  }
}

async function readJson(request: ProviderRequest, response: Response): Promise<unknown> {
  const text = await readText(response).catch((error: unknown) => {
    request.signal.throwIfAborted()
    throw providerError(
      request,
      `answered with status ${response.status}, and its answer broke off: ${messageOf(error)}`,
    )
  })
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return undefined
  }
}

/** Undefined for what is too long to be the answer; no more of it is read then. */
async function readText({ body }: Response): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of (body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true })
    if (text.length > MAX_ANSWER) return undefined
  }
  return text + decoder.decode()
}

function refusalOf(
  request: ProviderRequest,
  status: number,
  answer: Readonly<Record<string, unknown>>,
): TelephoneError {
  const { said, code } = reasonIn(answer)
  const reason = [said, code === undefined ? undefined : `code ${code}`].filter((part) => part !== undefined)
  const cure = status === 401 || status === 403 ? `. Check ${request.keys}` : ''
  const why = reason.length === 0 ? '' : `: ${reason.join(', ')}`
  return providerError(request, `refused the call with status ${status}${why}${cure}`, { status, providerCode: code })
}

/** Twilio answers `{ code, message }`, Telnyx `{ errors: [{ code, title, detail }] }`. */
function reasonIn(answer: Readonly<Record<string, unknown>>): { said: string | undefined; code: string | undefined } {
  const { errors } = answer
  const first = Array.isArray(errors) ? fieldsOf((errors as unknown[])[0]) : answer
  const said = textOf(first['message']) ?? textOf(first['detail']) ?? textOf(first['title'])
  return { said, code: textOf(first['code']) ?? countOf(first['code'])?.toString() }
}
