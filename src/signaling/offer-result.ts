/** The answer to an offer. */
export interface AnswerResult {
  /** The session description, with all our candidates. */
  sdp: string
  /** Always `'answer'`. */
  type: 'answer'
}

/** The answer to a candidate. */
export interface SuccessResult {
  /** Always `'success'`. */
  status: 'success'
}

/** Why an offer or a candidate was refused. The client compares `error`; pages show `message` when there is one. */
export interface RefusalMeta {
  /** A code: words joined by underscores. */
  error: string
  /** The limit, with `concurrency_limit_reached`. */
  limit?: number
  /** For a person, with the codes that need explaining. */
  message?: string
}

/** A refused offer or candidate. The HTTP status is 200 nonetheless. */
export interface FailedResult {
  /** Always `'failed'`. */
  status: 'failed'
  /** Why. */
  meta: RefusalMeta
}

/** What answers an offer or a candidate. */
export type OfferResult = AnswerResult | SuccessResult | FailedResult

/**
 * A refusal.
 *
 * @param error - its code
 * @param more - what goes with the code
 * @returns the answer
 */
export function refusal(error: string, more: Omit<RefusalMeta, 'error'> = {}): FailedResult {
  return { status: 'failed', meta: { error, ...more } }
}
