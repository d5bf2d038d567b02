/**
 * A request that is answered with an HTTP error. Its body has the shape of every other refusal of the wire protocol,
 * so that a page shows it the same way: `{ status: 'failed', meta: { error, message } }`.
 */
export class Refusal extends Error {
  override readonly name: string = 'Refusal'
  /** The HTTP status, 400 or above. */
  readonly status: number
  /** What went wrong, for programs: words joined by underscores. */
  readonly code: string
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string>>

  /**
   * @param status - the HTTP status
   * @param code - what went wrong, for programs
   * @param message - what went wrong and what helps, for people
   * @param headers - further headers of the answer
   */
  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }

  /** The answer that carries this refusal. */
  toResponse(): Response {
    const body = { status: 'failed', meta: { error: this.code, message: this.message } }
    return Response.json(body, { status: this.status, headers: this.headers })
  }
}
