import { within } from '../session/within.ts'
import { Refusal } from './refusal.ts'

/** The largest body that a route of the wire protocol reads, in bytes; a longer one is refused with status 413. */
export const MAX_BODY_BYTES: number = 64 * 1024

/**
 * Reads a request's body as JSON, in bounded space and time.
 *
 * @param request - its body is consumed
 * @param timeoutMs - how long the whole body may take
 * @param maxBytes - how long it may be; 64 KiB by default
 * @returns the value, of any JSON type
 * @throws Refusal with status 413 (too long), 408 (too slow) or 400 (cut off, or no JSON in UTF-8)
 */
export async function readJson(
  request: Request,
  timeoutMs: number,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<unknown> {
  const text = await readText(request, timeoutMs, maxBytes)
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Refusal(400, 'invalid_json', 'The body must be JSON in UTF-8')
  }
}

/**
 * Reads a request's body as text, in bounded space and time.
 *
 * @param request - its body is consumed
 * @param timeoutMs - how long the whole body may take
 * @param maxBytes - how long it may be; 64 KiB by default
 * @returns the text
 * @throws Refusal with status 413 (too long), 408 (too slow) or 400 (cut off, or not in UTF-8)
 */
export async function readText(
  request: Request,
  timeoutMs: number,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<string> {
  // A length that is declared too long is refused before a byte is read; one that lies is caught by the count.
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLarge(maxBytes)
  const bytes = await readBounded(request, timeoutMs, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Refusal(400, 'invalid_json', 'The body must be in UTF-8')
  }
}

async function readBounded(request: Request, timeoutMs: number, maxBytes: number): Promise<Uint8Array> {
  const reader = request.body?.getReader()
  if (!reader) return new Uint8Array()
  const late = (): never => {
    throw tooSlow(timeoutMs)
  }
  try {
    return await within(timeoutMs, collect(reader, maxBytes), late)
  } catch (error) {
    // Only tells the sender to stop; what it answers changes nothing.
    reader.cancel().catch(() => undefined)
    throw error instanceof Refusal ? error : new Refusal(400, 'body_incomplete', 'The body broke off')
  }
}

async function collect(reader: ReadableStreamDefaultReader<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length
    if (length > maxBytes) throw tooLarge(maxBytes)
    chunks.push(next.value)
  }
  return Buffer.concat(chunks, length)
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, 'body_too_large', `The body may have at most ${maxBytes} bytes`, CLOSE)
}

function tooSlow(timeoutMs: number): Refusal {
  return new Refusal(408, 'request_timeout', `The body didn't arrive within ${timeoutMs / 1000} s`, CLOSE)
}

/** What remains of such a body isn't worth reading: the connection ends with the answer. */
const CLOSE: Readonly<Record<string, string>> = { connection: 'close' }
