import { describe } from '../frames/describe.ts'
import { checkSeconds, isRecord, wrongType } from '../stream/checks.ts'

/** How a speech service is reached that speaks the OpenAI HTTP API, hosted or on a machine of one's own. */
export interface SpeechServiceOptions {
  /** The API's root, such as `'https://api.openai.com/v1'` or `'http://localhost:8000/v1'`; a query is kept. */
  baseURL: string | URL
  /** Sent as a bearer token; leave it out for a service without keys. It is in no error and no log. */
  apiKey?: string | undefined
  /** The model, by the service's name for it, such as `'whisper-1'`. */
  model: string
  /** Headers to send along, such as `{ 'api-key': … }` for services that want the key there. */
  headers?: Readonly<Record<string, string>>
  /** For how long the service may keep silent, before it answers and within its answer, in seconds; 20 by default. */
  timeoutSeconds?: number
}

/** The same, checked. */
export interface ServiceSettings {
  readonly url: URL
  readonly headers: Headers
  /** What must be in no message. */
  readonly secrets: readonly string[]
  readonly model: string
  readonly timeoutMs: number
}

/** Names of the options, for `checkObject`. */
export const SERVICE_OPTIONS: readonly string[] = ['baseURL', 'apiKey', 'model', 'headers', 'timeoutSeconds']

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Visible ASCII: other characters are refused by `fetch` with a message that repeats them. */
const VISIBLE = /^[\x20-\x7e]+$/

/**
 * Checks how a service is reached.
 *
 * @param options - as a user gave them
 * @param path - of the endpoint below the root, such as `audio/speech`
 * @returns where and how to ask
 * @throws TypeError or RangeError naming the option, and never a key
 */
export function serviceSettings(options: Readonly<Record<string, unknown>>, path: string): ServiceSettings {
  const { baseURL, apiKey, model, headers = {}, timeoutSeconds = 20 } = options
  const url = urlFrom(baseURL, path)
  if (typeof model !== 'string' || model === '')
    throw wrongType('model', "the name of one of the service's models", model)
  const key = apiKey === undefined ? undefined : keyFrom(apiKey)
  const sent = headersFrom(headers)
  if (key !== undefined && !sent.has('authorization')) sent.set('authorization', `Bearer ${key}`)
  const timeoutMs = checkSeconds('timeoutSeconds', timeoutSeconds) * 1000
  return { url, headers: sent, secrets: secretsOf(sent, key), model, timeoutMs }
}

function urlFrom(value: unknown, path: string): URL {
  const example = "such as 'http://localhost:8000/v1'"
  if (typeof value !== 'string' && !(value instanceof URL)) throw wrongType('baseURL', `a URL ${example}`, value)
  const url = parse(value)
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(`The option baseURL must be a URL with http:// or https://, ${example}${shown(String(value))}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new RangeError('The option baseURL must have no user and password in it: give headers.authorization instead')
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`
  return url
}

function parse(value: string | URL): URL | undefined {
  try {
    return new URL(value)
  } catch {
    return undefined
  }
}

/** A key that was given in the place of the URL isn't repeated; an address that lacks its scheme is. */
function shown(value: string): string {
  return /[/:]/.test(value) && !value.includes('@') ? `, not ${describe(value)}` : ''
}

function keyFrom(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`The option apiKey must be a string, not ${typeof value}`)
  const key = value.trim()
  if (key === '') throw new RangeError('The option apiKey is empty: leave it out for a service without keys')
  if (VISIBLE.test(key)) return key
  throw new RangeError('The option apiKey has characters that no header can carry')
}

function headersFrom(value: unknown): Headers {
  if (!isRecord(value)) throw new TypeError('The option headers must be an object of strings by name')
  const headers = new Headers()
  for (const [name, text] of Object.entries(value)) {
    if (!TOKEN.test(name)) throw new RangeError(`The option headers has a name that can't be one: ${describe(name)}`)
    if (/^content-(type|length)$/i.test(name)) throw new RangeError(`The header ${name} is set by Parley`)
    if (typeof text !== 'string') throw new TypeError(`The header ${name} must be a string, not ${typeof text}`)
    if (!VISIBLE.test(text)) throw new RangeError(`The header ${name} has characters that no header can carry`)
    headers.set(name, text)
  }
  return headers
}

/** Short values aren't secrets, and would be found in every word. */
function secretsOf(headers: Headers, key: string | undefined): string[] {
  const values = [...headers.values(), ...(key === undefined ? [] : [key])]
  const secrets = values.flatMap((value) => [value, value.replace(/^(bearer|basic) /i, '')])
  return secrets.filter((value) => value.length >= 6).sort((a, b) => b.length - a.length)
}
