import { InvalidRequestError } from '../errors.ts'
import { describe } from '../frames/describe.ts'
import type { WireEncoding } from '../native/socket-link.ts'
import { parseId } from './offer-body.ts'

/** How a client begins its session over a WebSocket. */
export interface SocketStart {
  /** The id that it chose for its connection. */
  id: string
  /** Whether it said what it can do. One that didn't sees nothing that older servers don't send. */
  isNegotiated: boolean
  /** Of its audio, both ways. */
  encoding: WireEncoding
  /** Of its audio, both ways, in Hz; undefined: the rates of the handler. */
  sampleRate: number | undefined
  /** Whether audio goes in binary messages instead of base64 in JSON. */
  binary: boolean
  /** The session id of an offer of its own that came to nothing. */
  replaces: string | undefined
}

/** What a client says over a WebSocket. */
export type SocketMessage =
  | { event: 'start'; fields: Fields }
  /** Audio, as base64. */
  | { event: 'media'; payload: string }
  /** How many chunks of audio the client has played since the start, or dropped because it was told to. */
  | { event: 'played'; payloads: number }
  /** A text for whoever listens to the session. */
  | { event: 'message'; data: string }
  | { event: 'ping' | 'stop' }
  /** What this version doesn't know. */
  | { event: 'unknown' }
  /** What can't be meant. */
  | { event: 'malformed'; problem: string }

type Fields = Record<string, unknown>

const ENCODINGS: readonly WireEncoding[] = ['mulaw', 'pcm_s16le', 'opus']
/** The rates that Opus decodes to and encodes from (RFC 6716, section 2). */
const OPUS_RATES = [8000, 12_000, 16_000, 24_000, 48_000]
const [MIN_RATE, MAX_RATE] = [8000, 48_000]

/** What the text of a `media` message begins and ends with, around its base64. */
export const MEDIA_AROUND = ['{"event":"media","media":{"payload":"', '"}}'] as const

/**
 * Reads a text message of a client.
 *
 * @param text - JSON, if all is well
 * @returns what it says; this never throws
 */
export function parseSocketMessage(text: string): SocketMessage {
  const fields = parseObject(text)
  if (fields === undefined) return malformed('A message must be a JSON object with an event')
  switch (fields['event']) {
    case 'media':
      return parseMedia(fields['media'])
    case 'start':
      return { event: 'start', fields }
    case 'played':
      return parsePlayed(fields['payloads'])
    case 'message':
      return parseText(fields['data'])
    case 'ping':
    case 'stop':
      return { event: fields['event'] }
    default:
      return { event: 'unknown' }
  }
}

/**
 * Reads the fields of a `start` message.
 *
 * @param fields - of the message
 * @returns them, checked and completed
 * @throws InvalidRequestError naming the first that can't be used
 */
export function parseStart(fields: Fields): SocketStart {
  const { encoding, sampleRate, binary, replaces } = fields
  const start: SocketStart = {
    id: parseId(fields['websocket_id'], 'websocket_id'),
    isNegotiated: [encoding, sampleRate, binary].some((field) => field !== undefined && field !== null),
    encoding: parseEncoding(encoding ?? 'mulaw'),
    sampleRate: undefined,
    binary: parseBoolean(binary ?? false),
    replaces: parseReplaces(replaces ?? undefined),
  }
  start.sampleRate = parseRate(sampleRate ?? undefined, start.encoding)
  return start
}

/**
 * Reads base64 (RFC 4648), with or without padding.
 *
 * @param text - of a `media` message
 * @returns the bytes, or undefined when it is no base64
 */
export function parseBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  const bytes = Buffer.from(text, 'base64')
  // Node leaves out what is no base64, so that there are too few bytes then. One digit alone is none.
  return bytes.length === Math.floor((digits * 3) / 4) && digits % 4 !== 1 ? bytes : undefined
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

function parseMedia(media: unknown): SocketMessage {
  const payload = typeof media === 'object' && media !== null ? (media as Fields)['payload'] : undefined
  if (typeof payload === 'string') return { event: 'media', payload }
  return malformed('A media message must have its audio as base64 in media.payload')
}

function parsePlayed(payloads: unknown): SocketMessage {
  if (isInteger(payloads, 0, 0xffff_ffff)) return { event: 'played', payloads }
  return malformed('A played message must have the number of chunks in payloads')
}

function parseText(data: unknown): SocketMessage {
  if (typeof data === 'string') return { event: 'message', data }
  return malformed('A message for the session must have a string in data')
}

function malformed(problem: string): SocketMessage {
  return { event: 'malformed', problem }
}

function parseEncoding(encoding: unknown): WireEncoding {
  const known = ENCODINGS.find((each) => each === encoding)
  if (known !== undefined) return known
  throw wrong('encoding', `one of ${ENCODINGS.map((each) => `'${each}'`).join(', ')}`, encoding)
}

function parseRate(rate: unknown, encoding: WireEncoding): number | undefined {
  if (encoding === 'opus') {
    const known = OPUS_RATES.find((each) => each === (rate ?? MAX_RATE))
    if (known !== undefined) return known
    throw wrong('sampleRate', `one of ${OPUS_RATES.join(', ')} for Opus`, rate)
  }
  // A message to the client holds 20 ms, which must be whole samples.
  if (rate === undefined || (isInteger(rate, MIN_RATE, MAX_RATE) && rate % 50 === 0)) return rate
  throw wrong('sampleRate', `a multiple of 50 from ${MIN_RATE} to ${MAX_RATE}`, rate)
}

function parseBoolean(binary: unknown): boolean {
  if (typeof binary === 'boolean') return binary
  throw wrong('binary', 'true or false', binary)
}

function parseReplaces(replaces: unknown): string | undefined {
  if (replaces === undefined || typeof replaces === 'string') return replaces
  throw wrong('replaces', 'a string', replaces)
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

function wrong(field: string, wanted: string, value: unknown): InvalidRequestError {
  return new InvalidRequestError(field, `${field} must be ${wanted}, not ${describe(value)}`)
}
