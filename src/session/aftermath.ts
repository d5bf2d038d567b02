/** How long a client may take to be told of the end, in ms. */
const MEDIA_MS = 2000
/** How long a handler's `shutdown()` is waited for, in ms. */
const SHUTDOWN_MS = 5000

/** What goes on after a session has ended for its listeners: its client is told, and its handler shuts down. */
export class Aftermath {
  #endMedia: () => void = () => undefined
  readonly #media = new Promise<void>((resolve) => (this.#endMedia = resolve))
  #shutdown: Promise<void> = Promise.resolve()

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
    await Promise.all([within(MEDIA_MS, this.#media), within(SHUTDOWN_MS, this.#shutdown)])
  }
}

async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms).unref()))
  try {
    await Promise.race([promise, late])
  } catch {
    // However it ends, it is over.
  } finally {
    clearTimeout(timer)
  }
}
