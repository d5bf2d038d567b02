/**
 * Whatever Parley throws on purpose, other than a `TypeError` or `RangeError` for a wrong argument.
 *
 * `code` is stable across releases; each code is explained in `docs/errors.md` with its cause and cure.
 */
export class ParleyError extends Error {
  /** The name of the class. */
  override name = 'ParleyError'
  /** Stable, machine-readable name of what went wrong: `ERR_PARLEY_…`. */
  readonly code: string

  /**
   * @param code - a stable name, `ERR_PARLEY_…`
   * @param message - one sentence for a person
   * @param options - `cause`: the error underneath, when there is one
   */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * A failure of a handler, as the client sees it. A handler throws it to end its session with a message of its own;
 * any other error that a handler throws is wrapped in one, with `cause` set.
 */
export class WebRTCError extends ParleyError {
  /** The name of the class. */
  override name = 'WebRTCError'

  /**
   * @param message - shown to the client
   * @param options - `cause`: what the handler threw
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_WEBRTC', message, options)
  }
}

/** A client's request has the wrong shape. Its message names the field; servers answer it with status 422. */
export class InvalidRequestError extends ParleyError {
  /** The name of the class. */
  override name = 'InvalidRequestError'
  /** The HTTP status to answer with. */
  readonly status: 422 = 422
  /** Where in the body the trouble is, such as `webrtc_id` or `candidate.sdpMid`; empty for the body itself. */
  readonly field: string

  /**
   * @param field - path of the field in the body
   * @param message - what it must be
   */
  constructor(field: string, message: string) {
    super('ERR_PARLEY_INVALID_REQUEST', message)
    this.field = field
  }
}

/** The data channel has closed, so the message can't be sent any more. */
export class ChannelClosedError extends ParleyError {
  /** The name of the class. */
  override name = 'ChannelClosedError'

  /** @param message - one sentence for a person */
  constructor(message = 'The data channel is closed: the session has ended or its peer closed the channel') {
    super('ERR_PARLEY_CHANNEL_CLOSED', message)
  }
}

/** A message for the data channel is longer than 64 KiB. */
export class MessageTooLargeError extends ParleyError {
  /** The name of the class. */
  override name = 'MessageTooLargeError'

  /** @param message - one sentence for a person */
  constructor(message = 'The message is longer than 65,536 bytes') {
    super('ERR_PARLEY_MESSAGE_TOO_LARGE', message)
  }
}

/** More than 1 MiB of messages waits for a peer that doesn't take them. */
export class ChannelFullError extends ParleyError {
  /** The name of the class. */
  override name = 'ChannelFullError'

  /** @param message - one sentence for a person */
  constructor(message = 'More than 1 MiB of messages waits for the peer') {
    super('ERR_PARLEY_CHANNEL_FULL', message)
  }
}

/** The session has ended, so nothing can be sent or read any more. */
export class SessionClosedError extends ParleyError {
  /** The name of the class. */
  override name = 'SessionClosedError'

  /** @param message - one sentence for a person */
  constructor(message = 'The session has ended') {
    super('ERR_PARLEY_SESSION_CLOSED', message)
  }
}

/** A handler takes its audio more slowly than it comes, or not at all, and what it has not taken is too much to keep. */
export class InputDroppedError extends ParleyError {
  /** The name of the class. */
  override name = 'InputDroppedError'

  /** @param waitingMs - how much audio waits for the handler, in ms */
  constructor(waitingMs: number) {
    const seconds = Number((waitingMs / 1000).toFixed(1))
    super(
      'ERR_PARLEY_INPUT_DROPPED',
      `The handler is behind: ${seconds} s of audio wait for it, and what is older is dropped from here on. Return from ` +
        'receive() sooner, or let more wait by media.queueMs.input',
    )
  }
}

/** The media engine ended a session because of a fault of its own; other sessions go on. */
export class SessionFailedError extends ParleyError {
  /** The name of the class. */
  override name = 'SessionFailedError'

  /**
   * @param message - what the engine said
   * @param options - `cause`
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_SESSION_FAILED', message, options)
  }
}

/** An offer could not be used; `reason` is the code that the client gets. */
export class NegotiationError extends ParleyError {
  /** The name of the class. */
  override name = 'NegotiationError'
  /** What the client is told, such as `unsupported_codec`. */
  readonly reason: string

  /**
   * @param reason - the code that the client gets
   * @param message - one sentence that says why
   */
  constructor(reason: string, message: string) {
    super('ERR_PARLEY_NEGOTIATION', message)
    this.reason = reason
  }
}

/** Something that was waited for did not come in time. */
export class TimeoutError extends ParleyError {
  /** The name of the class. */
  override name = 'TimeoutError'

  /** @param message - what was waited for, and how long */
  constructor(message: string) {
    super('ERR_PARLEY_TIMEOUT', message)
  }
}

/** `copy()` threw, or returned something that can't serve a connection. Only that connection fails. */
export class InvalidCopyError extends ParleyError {
  /** The name of the class. */
  override name = 'InvalidCopyError'

  /**
   * @param message - what `copy()` did
   * @param options - `cause`: what it threw
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_INVALID_COPY', message, options)
  }
}

/** A handler emitted something that is no `EmitType`. It is dropped, and the session goes on. */
export class InvalidEmitError extends ParleyError {
  /** The name of the class. */
  override name = 'InvalidEmitError'

  /** @param message - names the value and what is allowed */
  constructor(message: string) {
    super('ERR_PARLEY_INVALID_EMIT', message)
  }
}

/** A configuration that was computed for one request, by a function of the user's, failed or can't be used. */
export class ConfigurationError extends ParleyError {
  /** The name of the class. */
  override name = 'ConfigurationError'

  /**
   * @param message - what failed
   * @param options - `cause`
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_CONFIGURATION', message, options)
  }
}

/** No credentials for TURN servers could be got: a key is missing or refused, or the provider doesn't answer. No key is in it. */
export class CredentialsError extends ParleyError {
  /** The name of the class. */
  override name = 'CredentialsError'

  /**
   * @param message - names the provider or the environment variable
   * @param options - `cause`
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_CREDENTIALS', message, options)
  }
}

/** The function `additionalOutputsHandler` failed or returned what can't be shown. The page shows what it did; the session goes on. */
export class OutputsHandlerError extends ParleyError {
  /** The name of the class. */
  override name = 'OutputsHandlerError'

  /**
   * @param message - what failed
   * @param options - `cause`: what the function threw
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_OUTPUTS_HANDLER', message, options)
  }
}

/** The module of a `WorkerHandler` could not be loaded, or its default export is nothing that can serve a connection. */
export class WorkerLoadError extends ParleyError {
  /** The name of the class. */
  override name = 'WorkerLoadError'

  /**
   * @param message - names the module, what is wrong with it, and what to do
   * @param options - `cause`: what loading or constructing it threw
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_WORKER_LOAD', message, options)
  }
}

/** The worker thread that ran a session's handler has ended, and the session with it. Others go on. */
export class WorkerExitError extends ParleyError {
  /** The name of the class. */
  override name = 'WorkerExitError'

  /**
   * @param message - how it ended
   * @param options - `cause`: what was thrown in it, when that is why
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_WORKER_EXIT', message, options)
  }
}

/** Something was asked of a handler that only the thread it lives on can do. */
export class OtherThreadError extends ParleyError {
  /** The name of the class. */
  override name = 'OtherThreadError'

  /** @param message - what, and what to do instead */
  constructor(message: string) {
    super('ERR_PARLEY_OTHER_THREAD', message)
  }
}

/** The native addon is missing for this platform, or doesn't load. */
export class AddonMissingError extends ParleyError {
  /** The name of the class. */
  override name = 'AddonMissingError'

  /**
   * @param message - names the platform and what to do
   * @param options - `cause`: the loader's own error
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_ADDON_MISSING', message, options)
  }
}

/** The addon refused a call with a code that has no class of its own here. */
export class NativeError extends ParleyError {
  /** The name of the class. */
  override name = 'NativeError'

  /**
   * @param message - the addon's message
   * @param options - `cause`: the addon's error, whose `code` tells more
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_NATIVE', message, options)
  }
}

/** A server could not be launched where it was asked to listen: the port is taken, or the address isn't this machine's. */
export class ListenError extends ParleyError {
  /** The name of the class. */
  override name = 'ListenError'

  /**
   * @param message - names the address and port, and what to do
   * @param options - `cause`: the error of `node:net`, whose `code` tells more
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_LISTEN', message, options)
  }
}

/** A call was not as a test expected it. The message says what was heard instead, and the seed to hear it again. */
export class ExpectationError extends ParleyError {
  /** The name of the class. */
  override name = 'ExpectationError'

  /** @param message - what was expected, and what was */
  constructor(message: string) {
    super('ERR_PARLEY_EXPECTATION', message)
  }
}

/**
 * A speech service could not be reached, refused a request, or answered what can't be used. The message says what it said;
 * no key is in it.
 */
export class SpeechServiceError extends ParleyError {
  /** The name of the class. */
  override name = 'SpeechServiceError'
  /** The HTTP status of a refusal, such as 429; undefined when the trouble was another one. */
  readonly status: number | undefined
  /** When the service says that it may be asked again, in seconds from now; undefined when it doesn't say. */
  readonly retryAfterSeconds: number | undefined

  /**
   * @param message - names the service's address and what happened
   * @param options - `cause`, `status`, `retryAfterSeconds`
   */
  constructor(
    message: string,
    options: ErrorOptions & { status?: number; retryAfterSeconds?: number | undefined } = {},
  ) {
    super('ERR_PARLEY_SPEECH_SERVICE', message, options)
    this.status = options.status
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** A speech model that runs in this process could not be loaded, or failed. */
export class SpeechModelError extends ParleyError {
  /** The name of the class. */
  override name = 'SpeechModelError'

  /**
   * @param message - names the model and what failed
   * @param options - `cause`: what its package threw
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_SPEECH_MODEL', message, options)
  }
}

/** A package that only some need isn't installed. The message has the command that installs it. */
export class PackageMissingError extends ParleyError {
  /** The name of the class. */
  override name = 'PackageMissingError'

  /**
   * @param message - names the package, what needs it, and the command
   * @param options - `cause`: the loader's own error
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_PACKAGE_MISSING', message, options)
  }
}

/**
 * A phone provider could not be reached, refused a call, or answered what can't be used; or a call that was placed came to
 * nothing. The message says what the provider said; no key is in it.
 */
export class TelephoneError extends ParleyError {
  /** The name of the class. */
  override name = 'TelephoneError'
  /** The HTTP status of a refusal, such as 400; undefined when the trouble was another one. */
  readonly status: number | undefined
  /** The provider's own code for what went wrong, such as Twilio's `'21211'`; undefined without one. */
  readonly providerCode: string | undefined

  /**
   * @param message - names the provider and what happened
   * @param options - `cause`, `status`, `providerCode`
   */
  constructor(
    message: string,
    options: ErrorOptions & { status?: number | undefined; providerCode?: string | undefined } = {},
  ) {
    super('ERR_PARLEY_TELEPHONE', message, options)
    this.status = options.status
    this.providerCode = options.providerCode
  }
}
