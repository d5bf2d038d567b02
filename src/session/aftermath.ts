import { within } from './within.ts'

/** How long a client may take to be told of the end, in ms. */
const MEDIA_MS = 2000
/** How long a handler's `shutdown()` is waited for, in ms. */
const SHUTDOWN_MS = 5000

/** What goes on after a session has ended for its listeners: its client is told, and its handler shuts down. */
export class Aftermath {
  readonly #warn: (message: string) => void
  #endMedia: () => void = () => undefined
  readonly #media = new Promise<void>((resolve) => (this.#endMedia = resolve))
  #shutdown: Promise<void> = Promise.resolve()

  /** @param warn - is told of a `shutdown()` that is waited for no more */
  constructor(warn: (message: string) => void) {
    this.#warn = warn
  }

  /** The media engine has let go of the session, or never had it. */
  mediaEnded(): void {
    this.#endMedia()
  }

  /** @param shutdown - settles when the handler has shut down */
  shutsDown(shutdown: Promise<void>): void {
    this.#shutdown = shutdown
  }

  /** Waits until both are over: for the media 2 s at most, for the handler 5 s. Keeps no process alive. */
  async settled(): Promise<void> {
    const [, hasShutDown] = await Promise.all([isOver(MEDIA_MS, this.#media), isOver(SHUTDOWN_MS, this.#shutdown)])
    if (!hasShutDown) this.#warn(`shutdown() of its handler has not settled within ${SHUTDOWN_MS / 1000} seconds`)
  }
}

/** Whether it has settled in time; however it ends, it is over. */
function isOver(ms: number, promise: Promise<void>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  )
  return within(ms, settled, () => false)
}
