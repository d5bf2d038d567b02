import { InvalidRequestError } from '../errors.ts'
import { describe } from '../frames/describe.ts'

/** An offer of a new session, or a later one of the same session. */
export interface OfferRequest {
  /** Tells the kinds apart. */
  kind: 'offer'
  /** The id that the client chose for its connection. */
  webrtcId: string
  /** The session description. */
  sdp: string
}

/** One trickled candidate of a client. */
export interface CandidateRequest {
  /** Tells the kinds apart. */
  kind: 'candidate'
  /** Whose candidate. */
  webrtcId: string
  /** The candidate's attribute, as in `RTCIceCandidate.candidate`; empty for the end of candidates. */
  candidate: string
  /** The `a=mid` of its m-line, when the client said it. */
  sdpMid: string | undefined
  /** The index of its m-line, when the client said it. */
  sdpMLineIndex: number | undefined
}

/** A client that gives up an offer of its own before its connection was made. */
export interface WithdrawalRequest {
  /** Tells the kinds apart. */
  kind: 'withdrawal'
  /** Whose offer. */
  webrtcId: string
  /** The session id in the offer's `o=` line, which only its client and the server know. */
  offerSession: string
}

/** The body of `POST /webrtc/offer`. */
export type OfferBody = OfferRequest | CandidateRequest | WithdrawalRequest

const MAX_ID_LENGTH = 256
/** An id is in every line of the log about its session, and no client may begin a line of its own there. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u

/**
 * Reads the body of `POST /webrtc/offer`.
 *
 * @param body - parsed JSON; unknown fields are ignored
 * @returns the offer, the candidate or the withdrawal in it
 * @throws InvalidRequestError naming the first field that is missing or has the wrong type
 */
export function parseOfferBody(body: unknown): OfferBody {
  const fields = asObject('', body)
  const type = fields['type']
  const parse = typeof type === 'string' ? PARSERS.get(type) : undefined
  if (parse === undefined) throw wrong('type', "'offer', 'ice-candidate' or 'withdraw'", type)
  return parse(parseId(fields['webrtc_id']), fields)
}

const PARSERS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ['offer', parseOffer],
  ['ice-candidate', parseCandidate],
  ['withdraw', parseWithdrawal],
])

function parseOffer(webrtcId: string, fields: Fields): OfferRequest {
  const sdp = fields['sdp']
  if (typeof sdp !== 'string') throw wrong('sdp', 'a string', sdp)
  return { kind: 'offer', webrtcId, sdp }
}

function parseCandidate(webrtcId: string, fields: Fields): CandidateRequest {
  const init = asObject('candidate', fields['candidate'])
  const { candidate, sdpMid, sdpMLineIndex } = init as { [name in 'candidate' | 'sdpMid' | 'sdpMLineIndex']?: unknown }
  if (typeof candidate !== 'string') throw wrong('candidate.candidate', 'a string', candidate)
  if (!isAbsent(sdpMid) && typeof sdpMid !== 'string') throw wrong('candidate.sdpMid', 'a string or null', sdpMid)
  if (!isAbsent(sdpMLineIndex) && !isIndex(sdpMLineIndex)) {
    throw wrong('candidate.sdpMLineIndex', 'an integer from 0 to 65535 or null', sdpMLineIndex)
  }
  return {
    kind: 'candidate',
    webrtcId,
    candidate,
    sdpMid: sdpMid ?? undefined,
    sdpMLineIndex: sdpMLineIndex ?? undefined,
  }
}

function parseWithdrawal(webrtcId: string, fields: Fields): WithdrawalRequest {
  const offerSession = fields['offer_session']
  if (typeof offerSession !== 'string') throw wrong('offer_session', 'a string', offerSession)
  return { kind: 'withdrawal', webrtcId, offerSession }
}

/**
 * Reads the id that a client chose for its connection.
 *
 * @param id - as it was sent
 * @param field - which field has it
 * @returns the id
 * @throws InvalidRequestError naming the field
 */
export function parseId(id: unknown, field = 'webrtc_id'): string {
  if (typeof id === 'string' && id.length > 0 && id.length <= MAX_ID_LENGTH && !CONTROL.test(id)) return id
  throw wrong(field, `a string of 1 to ${MAX_ID_LENGTH} characters, none of them a control character`, id)
}

type Fields = Record<string, unknown>
type Parser = (webrtcId: string, fields: Fields) => OfferBody

function asObject(field: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw wrong(field, 'an object', value)
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff
}

function wrong(field: string, wanted: string, value: unknown): InvalidRequestError {
  const name = field === '' ? 'The body' : field
  if (value === undefined) return new InvalidRequestError(field, `${name} is missing: it must be ${wanted}`)
  return new InvalidRequestError(field, `${name} must be ${wanted}, not ${describe(value)}`)
}
