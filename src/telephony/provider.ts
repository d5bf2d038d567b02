/** A request of a provider, as far as its signature covers it. */
export interface SignedRequest {
  /** Addresses that the provider may have asked for; several only without `publicUrl`, when the scheme isn't known. */
  readonly urls: readonly string[]
  /** The body as it came; empty for a socket. */
  readonly body: string
  /** The value of a header, by its name in lower case. */
  readonly header: (name: string) => string | undefined
}

/** What the webhook of an incoming call says. */
export interface IncomingCall {
  /** What the provider calls it. */
  readonly callId: string
  /** Who calls. */
  readonly from: string
  /** Who is called. */
  readonly to: string
  /** Everything that was posted. */
  readonly form: Readonly<Record<string, string>>
}

/** How the provider's media stream begins. */
export interface StreamStart {
  /** What it is. */
  readonly kind: 'start'
  /** Of the stream; every message to the provider may need it. */
  readonly streamId: string
  /** Of the call. */
  readonly callId: string
  /** Who calls, when the provider says it here. */
  readonly from: string | undefined
  /** Who is called, when the provider says it here. */
  readonly to: string | undefined
  /** `'mulaw'` for µ-law (G.711), else the provider's own word for another codec. */
  readonly encoding: string
  /** In Hz. */
  readonly sampleRate: number
  /** How many are interleaved. */
  readonly channels: number
  /** What the markup passed on. */
  readonly parameters: Readonly<Record<string, string>>
}

/** The caller's audio. */
export interface StreamMedia {
  /** What it is. */
  readonly kind: 'media'
  /** Of the stream. */
  readonly streamId: string
  /** Counts up, for messages may overtake one another; undefined where the provider doesn't count. */
  readonly chunk: number | undefined
  /** In Base64. */
  readonly payload: string
}

/** All audio before a mark has been played, or a clear has dropped it. */
export interface StreamMark {
  /** What it is. */
  readonly kind: 'mark'
  /** Of the mark. */
  readonly name: string
}

/** A key was pressed. */
export interface StreamKey {
  /** What it is. */
  readonly kind: 'dtmf'
  /** Which. */
  readonly digit: string
}

/** The protocol's greeting, the end of the stream, or something that concerns nobody here. */
export interface StreamNotice {
  /** Which of the three. */
  readonly kind: 'connected' | 'stop' | 'other'
}

/** What a message on a provider's socket says. */
export type ProviderMessage = StreamStart | StreamMedia | StreamMark | StreamKey | StreamNotice

/** A call to be placed. */
export interface CallRequest {
  /** Who is called. */
  readonly to: string
  /** Whose number they see. */
  readonly from: string
  /** What happens once they answer. */
  readonly markup: string
  /** For how long it rings at most, in seconds. */
  readonly ringSeconds: number
  /** Gives up when it is aborted. */
  readonly signal: AbortSignal
}

/**
 * A phone provider: how it signs, what its messages look like, and how calls are placed. `twilio()` and `telnyx()` make the two
 * that come along; another one that connects calls by markup and streams 8 kHz µ-law as JSON over a WebSocket implements this.
 */
export interface TelephoneProvider {
  /** In words. */
  readonly name: string
  /** Whether it has the key by which webhooks are checked. */
  readonly isGuarded: boolean
  /** What to do when it hasn't: a sentence for the error at construction. */
  readonly remedy: string
  /** Attributes of the markup's `<Stream>` beside `url`, such as those that ask for both directions. */
  readonly streamAttributes: Readonly<Record<string, string>>
  /**
   * The name of the field with the stream's id, where messages with audio and marks are otherwise as Twilio's:
   * `{ event: 'media', [streamField], media: { payload, chunk?, track? } }`, `{ event: 'mark', mark: { name } }`. These then are read
   * on the media thread, past the event loop. Without it all messages go through {@link readMessage}.
   */
  readonly streamField?: string
  /**
   * Whether a webhook's signature is right. The comparison takes the same time however much of it is.
   *
   * @param request - as it came
   */
  verifyWebhook(request: SignedRequest): boolean
  /**
   * The same for the request that opens the media socket. Without this method the provider doesn't sign it, and the call token
   * alone says who may speak.
   *
   * @param request - as it came
   */
  verifySocket?(request: SignedRequest): boolean
  /**
   * Reads the webhook of a call that comes in.
   *
   * @param form - what was posted
   * @returns undefined when it is no such webhook
   */
  readCall(form: Readonly<Record<string, string>>): IncomingCall | undefined
  /**
   * Reads a message of the media socket. Audio and marks come here only where the media thread doesn't read them, see
   * {@link streamField}.
   *
   * @param message - parsed JSON
   * @returns undefined for one of the wrong shape
   */
  readMessage(message: Readonly<Record<string, unknown>>): ProviderMessage | undefined
  /**
   * A message with audio for the caller. The media thread writes them: the text around the payload must be the same each time, and
   * is asked for once a call.
   *
   * @param streamId - of the stream
   * @param payload - Base64 of µ-law at 8 kHz
   * @returns JSON text
   */
  media(streamId: string, payload: string): string
  /**
   * A message that is answered with the same name when all audio before it has been played; like {@link media}.
   *
   * @param streamId - of the stream
   * @param name - letters and digits
   * @returns JSON text
   */
  mark(streamId: string, name: string): string
  /**
   * A message that drops the audio that isn't played yet.
   *
   * @param streamId - of the stream
   * @returns JSON text
   */
  clear(streamId: string): string
  /**
   * Places a call by the provider's REST API.
   *
   * @param request - whom, and what then
   * @returns what the provider calls it
   * @throws CredentialsError when a key is missing, TelephoneError when the provider refuses or can't be reached
   */
  placeCall(request: CallRequest): Promise<string>
}
