import type { SpeechServiceError } from '../errors.ts'
import type { ServiceCall } from './service-call.ts'

/** Characters of a message: what a service says may be long. */
const MAX_MESSAGE = 500

const CURES: Readonly<Record<number, string>> = {
  401: 'check the option apiKey',
  403: 'check the option apiKey, and what its account may do',
  404: 'check the options baseURL and model',
  429: 'it is asked too often, or the account is used up',
}

/**
 * What a service says that it refuses with.
 *
 * @param response - its answer
 * @param call - the request
 * @returns the error to throw, with the status and what the service said
 */
export async function refusal(response: Response, call: ServiceCall): Promise<SpeechServiceError> {
  const { status, headers } = response
  if (status >= 300 && status < 400) {
    call.close()
    return call.error(`sends elsewhere (status ${status}): set baseURL to where it is`, { status })
  }
  const said = reasonIn(await call.text().catch(() => ''))
  const cure = CURES[status] === undefined ? '' : ` (${CURES[status]})`
  const retryAfterSeconds = secondsIn(headers.get('retry-after'))
  return call.error(`refused with status ${status}${said === '' ? '' : `: ${said}`}${cure}`, {
    status,
    retryAfterSeconds,
  })
}

/**
 * Makes what a service said fit for a message: one line, not endless, and without keys.
 *
 * @param text - as the service said it
 * @param secrets - what must not be in it, the longest first
 * @returns what may be repeated
 */
export function spoken(text: string, secrets: readonly string[]): string {
  const safe = secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text)
  // What isn't visible must not get into a log.
  const line = safe.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  // Cut after the keys are out, or a part of one would be left.
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line
}

/**
 * The reason in the body of a refusal: `{ error: { message } }`, `{ error }`, `{ message }`, `{ detail }`, or plain text.
 *
 * @param body - as it came
 * @returns what it says, empty for a page of HTML
 */
export function reasonIn(body: string): string {
  return textIn(parsed(body)) ?? (/^\s*</.test(body) ? '' : body)
}

function textIn(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || depth > 3) return undefined
  const { error, message, detail, msg } = value as Record<string, unknown>
  const first = Array.isArray(value) ? (value as unknown[])[0] : (message ?? error ?? detail ?? msg)
  return textIn(first, depth + 1)
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function secondsIn(header: string | null): number | undefined {
  if (header === null) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}
