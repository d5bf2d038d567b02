/** Whatever the browser module throws on purpose. Its message is a sentence for the person in front of the page. */
export class ClientError extends Error {
  /** The name of the class. */
  override name = 'ClientError'
  /** Stable, machine-readable name of what went wrong: `ERR_PARLEY_…`. */
  readonly code: string

  /**
   * @param code - a stable name, `ERR_PARLEY_…`
   * @param message - a sentence for the person in front of the page
   * @param options - `cause`: the error underneath, when there is one
   */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Why there is no microphone. */
export type MicrophoneProblem = 'denied' | 'missing' | 'busy' | 'insecure'

/** Why there is no camera. */
export type CameraProblem = MicrophoneProblem

/** Why the screen isn't shared. */
export type ScreenProblem = 'denied' | 'unavailable'

const MICROPHONE_WORDS: Readonly<Record<MicrophoneProblem, string>> = {
  denied: "The page may not use the microphone. Allow it in the browser's settings for this site, then try again.",
  missing: 'No microphone was found. Plug one in or choose another, then try again.',
  busy: 'The microphone could not be opened; another program may be using it. Close that program, then try again.',
  insecure:
    'Browsers open the microphone only for pages at https:// or at localhost. Open this page at such an address.',
}

/** The microphone could not be opened. */
export class MicrophoneError extends ClientError {
  /** The name of the class. */
  override name = 'MicrophoneError'
  /** Refused by the person or a policy, not there, in use, or the page's address isn't secure. */
  readonly problem: MicrophoneProblem

  /**
   * @param problem - why
   * @param options - `cause`: what the browser said
   */
  constructor(problem: MicrophoneProblem, options?: ErrorOptions) {
    super(`ERR_PARLEY_MICROPHONE_${problem.toUpperCase()}`, MICROPHONE_WORDS[problem], options)
    this.problem = problem
  }
}

const CAMERA_WORDS: Readonly<Record<CameraProblem, string>> = {
  denied: "The page may not use the camera. Allow it in the browser's settings for this site, then try again.",
  missing: 'No camera was found. Plug one in or choose another, then try again.',
  busy: 'The camera could not be opened; another program may be using it. Close that program, then try again.',
  insecure: 'Browsers open the camera only for pages at https:// or at localhost. Open this page at such an address.',
}

/** The camera could not be opened. */
export class CameraError extends ClientError {
  /** The name of the class. */
  override name = 'CameraError'
  /** Refused by the person or a policy, not there, in use, or the page's address isn't secure. */
  readonly problem: CameraProblem

  /**
   * @param problem - why
   * @param options - `cause`: what the browser said
   */
  constructor(problem: CameraProblem, options?: ErrorOptions) {
    super(`ERR_PARLEY_CAMERA_${problem.toUpperCase()}`, CAMERA_WORDS[problem], options)
    this.problem = problem
  }
}

const SCREEN_WORDS: Readonly<Record<ScreenProblem, string>> = {
  denied: 'The screen is not shared: no window or screen was chosen, or the browser may not record it.',
  unavailable: "This browser can't share its screen.",
}

/** The screen could not be shared. */
export class ScreenError extends ClientError {
  /** The name of the class. */
  override name = 'ScreenError'
  /** Refused by the person or a policy, or the browser can't. */
  readonly problem: ScreenProblem

  /**
   * @param problem - why
   * @param options - `cause`: what the browser said
   */
  constructor(problem: ScreenProblem, options?: ErrorOptions) {
    super(`ERR_PARLEY_SCREEN_${problem.toUpperCase()}`, SCREEN_WORDS[problem], options)
    this.problem = problem
  }
}

/** The server answered, and said no. */
export class RefusedError extends ClientError {
  /** The name of the class. */
  override name = 'RefusedError'
  /** The wire protocol's code, such as `concurrency_limit_reached`. */
  readonly reason: string
  /** How many may be connected at once, when that is why. */
  readonly limit: number | undefined

  /**
   * @param reason - the wire protocol's code
   * @param details - `limit`, and `message`: the server's own words
   */
  constructor(reason: string, details: { limit?: unknown; message?: unknown } = {}) {
    const limit = typeof details.limit === 'number' ? details.limit : undefined
    super('ERR_PARLEY_REFUSED', refusalWords(reason, limit, details.message))
    this.reason = reason
    this.limit = limit
  }
}

function refusalWords(reason: string, limit: number | undefined, message: unknown): string {
  if (reason === 'concurrency_limit_reached') {
    const calls =
      limit === undefined || limit === 1
        ? 'one call at a time, and it has one'
        : `${limit} calls at a time, and has as many`
    return `The server takes ${calls}. Try again when somebody has left.`
  }
  if (reason === 'connection_already_exists') return 'The server already has a connection of this name.'
  return typeof message === 'string' && message !== '' ? message : `The server refused the connection: ${reason}.`
}

/** The server could not be reached, or what answered is no Parley server. */
export class UnreachableError extends ClientError {
  /** The name of the class. */
  override name = 'UnreachableError'

  /**
   * @param message - a sentence for the person in front of the page
   * @param options - `cause`: what the browser said
   */
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARLEY_UNREACHABLE', message, options)
  }
}

/** The server answered, but no media path to it was found in time. */
export class ConnectTimeoutError extends ClientError {
  /** The name of the class. */
  override name = 'ConnectTimeoutError'

  /** @param seconds - how long was waited */
  constructor(seconds: number) {
    super(
      'ERR_PARLEY_CONNECT_TIMEOUT',
      `The server answered, but no path for its media was found within ${seconds} s. A firewall may be in the way.`,
    )
  }
}

/** The connection has ended, so nothing can be sent any more. */
export class ConnectionClosedError extends ClientError {
  /** The name of the class. */
  override name = 'ConnectionClosedError'

  constructor() {
    super('ERR_PARLEY_CONNECTION_CLOSED', 'The connection has ended.')
  }
}
