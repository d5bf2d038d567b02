import { SpeechServiceError, TimeoutError } from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'
import { orAborted } from './abortable.ts'
import { refusal, spoken } from './refusal.ts'
import type { ServiceSettings } from './service-options.ts'

/** Bytes of an answer that is read whole: a transcript of hours has fewer. */
const MAX_TEXT = 8 * 1024 * 1024

/**
 * One request to a speech service and its answer. Whoever has one reads it to its end or calls `close`, which ends the
 * request for the service too.
 */
export class ServiceCall {
  readonly #settings: ServiceSettings
  readonly #signal: AbortSignal | undefined
  readonly #abort = new AbortController()
  readonly #onAbort: () => void
  #response: Response | undefined

  private constructor(settings: ServiceSettings, signal: AbortSignal | undefined) {
    this.#settings = settings
    this.#signal = signal
    this.#onAbort = () => this.#abort.abort(signal?.reason)
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /**
   * Posts a request.
   *
   * @param settings - where and how
   * @param body - a form, or what JSON can carry
   * @param signal - gives up when it is aborted
   * @returns the answer, of which only the head has come
   * @throws the signal's reason, TimeoutError, or SpeechServiceError when the service can't be reached or refuses
   */
  static async post(settings: ServiceSettings, body: FormData | object, signal?: AbortSignal): Promise<ServiceCall> {
    signal?.throwIfAborted()
    const call = new ServiceCall(settings, signal)
    try {
      await call.#send(body)
      return call
    } catch (error) {
      call.close()
      throw error
    }
  }

  /** The media type of the answer in lower case, with its parameters; empty when the service doesn't say. */
  get contentType(): string {
    return this.#response?.headers.get('content-type')?.toLowerCase() ?? ''
  }

  /** Ends the request. Nothing happens when it is over. */
  close(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#abort.abort()
  }

  /**
   * Reads the answer as it comes; leaving the loop ends the request.
   *
   * @returns its pieces
   * @throws as {@link ServiceCall.post}, and SpeechServiceError when the answer breaks off
   */
  async *bytes(): AsyncGenerator<Uint8Array, void, void> {
    const body = this.#response?.body as ReadableStream<Uint8Array> | null | undefined
    const reader = (body ?? new Blob([]).stream()).getReader()
    try {
      for (;;) {
        const read = await this.#within(reader.read(), 'broke off')
        if (read.done) return
        yield read.value
      }
    } finally {
      this.close()
    }
  }

  /**
   * Reads the answer whole.
   *
   * @returns its text
   * @throws as {@link ServiceCall.bytes}, and SpeechServiceError when it is endless
   */
  async text(): Promise<string> {
    const decoder = new TextDecoder()
    let text = ''
    for await (const bytes of this.bytes()) {
      text += decoder.decode(bytes, { stream: true })
      if (text.length > MAX_TEXT) throw this.error('answered more than 8 MiB of text')
    }
    return text + decoder.decode()
  }

  /**
   * An error of this service.
   *
   * @param what - what it did, such as `answered no audio`
   * @param options - `cause`, `status`, `retryAfterSeconds`
   * @returns the error to throw, without keys
   */
  error(what: string, options?: ConstructorParameters<typeof SpeechServiceError>[1]): SpeechServiceError {
    return new SpeechServiceError(
      spoken(`The speech service at ${this.#where} ${what}`, this.#settings.secrets),
      options,
    )
  }

  async #send(body: FormData | object): Promise<void> {
    const headers = new Headers(this.#settings.headers)
    const isForm = body instanceof FormData
    if (!isForm) headers.set('content-type', 'application/json')
    const asked = fetch(this.#settings.url, {
      method: 'POST',
      headers,
      body: isForm ? body : JSON.stringify(body),
      // A redirect would carry the key along to somebody else.
      redirect: 'manual',
      signal: this.#abort.signal,
    })
    this.#response = await this.#within(asked, "can't be reached")
    if (!this.#response.ok) throw await refusal(this.#response, this)
  }

  /** Without the query, where some services want the key. */
  get #where(): string {
    return this.#settings.url.origin + this.#settings.url.pathname
  }

  async #within<Value>(answer: Promise<Value>, otherwise: string): Promise<Value> {
    const { timeoutMs } = this.#settings
    const late = new TimeoutError(`The speech service at ${this.#where} kept silent for ${timeoutMs / 1000} s`)
    const timer = setTimeout(() => this.#abort.abort(late), timeoutMs)
    try {
      return await orAborted(answer, this.#abort.signal)
    } catch (cause) {
      if (this.#abort.signal.aborted) throw this.#abort.signal.reason
      // What `fetch` throws says no more than that it failed; why is in its cause.
      const why = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause
      throw this.error(`${otherwise}: ${messageOf(why)}`, { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}
