import { RefusedError, UnreachableError } from './errors.ts'
import { parseObject } from './wire.ts'
import type { ClientConfiguration } from './wire.ts'

/** How requests to the server are made. */
export interface RequestSettings {
  /** Where the server's routes are mounted. */
  readonly url: URL
  /** Headers for every request, such as a token of the user's own. */
  readonly headers: HeadersInit
  /** Whether cookies go along to another origin, as in `fetch`. */
  readonly credentials: RequestCredentials
}

/** The HTTP side of one call: its offers, and candidates as they come. */
export class Signaling {
  readonly #settings: RequestSettings
  readonly #id: string
  /** Candidates that overtook their offer on the way; posted again after the answer. */
  #early: RTCIceCandidate[] = []
  #answered = false

  /**
   * @param settings - how requests are made
   * @param id - the call's `webrtc_id`
   */
  constructor(settings: RequestSettings, id: string) {
    this.#settings = settings
    this.#id = id
  }

  /**
   * @param signal - ends the wait
   * @returns what the server wants its clients to use
   * @throws RefusedError or UnreachableError, or the signal's reason
   */
  async configuration(signal?: AbortSignal): Promise<ClientConfiguration> {
    const value = await this.#request('webrtc/config', { method: 'GET' }, signal)
    return { mode: 'send-receive', modality: 'audio', ...value }
  }

  /**
   * Posts an offer: the first of the call, or a later one that changes it.
   *
   * @param description - the offer
   * @param signal - ends the wait
   * @returns the answer
   * @throws RefusedError or UnreachableError, or the signal's reason
   */
  async offer(description: RTCSessionDescriptionInit, signal?: AbortSignal): Promise<RTCSessionDescriptionInit> {
    const answer = await this.#post({ sdp: description.sdp, type: description.type }, signal)
    if (typeof answer['sdp'] !== 'string') throw new UnreachableError(NO_SERVER)
    this.#answered = true
    const early = this.#early
    this.#early = []
    for (const candidate of early) void this.candidate(candidate)
    return { type: 'answer', sdp: answer['sdp'] }
  }

  /**
   * Posts a candidate. One that is lost does little harm, for the server learns addresses from our checks too, so this
   * never rejects.
   *
   * @param candidate - as the browser found it
   */
  async candidate(candidate: RTCIceCandidate): Promise<void> {
    const before = !this.#answered
    try {
      const { candidate: line, sdpMid, sdpMLineIndex } = candidate.toJSON()
      await this.#post({ type: 'ice-candidate', candidate: { candidate: line, sdpMid, sdpMLineIndex } })
    } catch (error) {
      const unknown = error instanceof RefusedError && error.reason === 'unknown_connection'
      if (!unknown || !before) return
      if (this.#answered) await this.candidate(candidate)
      else this.#early.push(candidate)
    }
  }

  /**
   * Gives up the offer, whose connection was never made, so that its place is free for the next one at once. The request goes
   * out also when the page goes. A server that knows nothing of this keeps the place for a while, so this never rejects.
   *
   * @param offerId - the session id in the offer's `o=` line
   */
  async withdraw(offerId: string): Promise<void> {
    const body = { type: 'withdraw', offer_session: offerId }
    await this.#post(body, undefined, { keepalive: true }).catch(() => undefined)
  }

  #post(body: Record<string, unknown>, signal?: AbortSignal, init?: RequestInit): Promise<Record<string, unknown>> {
    const text = JSON.stringify({ ...body, webrtc_id: this.#id })
    return this.#request('webrtc/offer', { ...init, method: 'POST', body: text }, signal)
  }

  async #request(path: string, init: RequestInit, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const { url, credentials } = this.#settings
    const headers = new Headers(this.#settings.headers)
    if (init.body !== undefined) headers.set('content-type', 'application/json')
    const target = new URL(path, url)
    const { response, text } = await read(target, { ...init, headers, credentials, ...(signal && { signal }) })
    const value = parseObject(text)
    const meta = value?.['meta'] as Record<string, unknown> | undefined
    if (typeof meta?.['error'] === 'string') throw new RefusedError(meta['error'], meta)
    if (!response.ok || !value) throw new UnreachableError(`${NO_SERVER} (${response.status} at ${target.pathname})`)
    return value
  }
}

/** An abort may have any reason, which is the page's own. */
async function read(target: URL, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(target, init)
    return { response, text: await response.text() }
  } catch (cause) {
    init.signal?.throwIfAborted()
    throw new UnreachableError("The server can't be reached. Is it running, and is the network there?", { cause })
  }
}

const NO_SERVER = 'What answered is no Parley server.'
