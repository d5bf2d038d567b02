/** What {@link Recovery} works on. */
export interface RecoveryHost {
  /** Makes a new offer with new ICE credentials and takes the server's answer; rejects when that fails. */
  restart(): Promise<void>
  /** The path is lost or back. */
  onPath(path: 'lost' | 'back'): void
  /** It didn't come back in time. */
  onGivenUp(): void
}

/** How long a path may be gone before a new one is looked for: a short gap often heals by itself. */
const PATIENCE_MS = 2_000

/** Between two attempts. */
const RETRY_MS = 2_000

/** How long a new path is looked for: as long as the server keeps a session without one (RFC 7675, section 5.1). */
const GIVE_UP_MS = 30_000

/** Looks for a new path when the one to the server is lost, as when a phone changes from Wi-Fi to its mobile network. */
export class Recovery {
  readonly #host: RecoveryHost
  #timer: number | undefined
  #lostAt: number | undefined
  readonly #online = (): void => this.#schedule(0)

  /** @param host - what it works on */
  constructor(host: RecoveryHost) {
    this.#host = host
    addEventListener('online', this.#online)
  }

  /**
   * Takes note of a state of the connection.
   *
   * @param state - what the browser says now
   */
  observe(state: RTCPeerConnectionState): void {
    if (state === 'connected') this.#back()
    else if (state === 'disconnected') this.#lose(PATIENCE_MS)
    else if (state === 'failed') this.#lose(0)
  }

  /** Stops it. */
  close(): void {
    clearTimeout(this.#timer)
    removeEventListener('online', this.#online)
    this.#lostAt = undefined
  }

  #lose(patienceMs: number): void {
    if (this.#lostAt === undefined) this.#host.onPath('lost')
    this.#lostAt ??= performance.now()
    this.#schedule(patienceMs)
  }

  #back(): void {
    clearTimeout(this.#timer)
    if (this.#lostAt !== undefined) this.#host.onPath('back')
    this.#lostAt = undefined
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer)
    if (this.#lostAt !== undefined) this.#timer = setTimeout(() => void this.#attempt(), delayMs)
  }

  async #attempt(): Promise<void> {
    if (this.#lostAt === undefined) return
    if (performance.now() - this.#lostAt > GIVE_UP_MS) return this.#host.onGivenUp()
    // No network, or a server that restarts: the next attempt may go through. One that knows us no more says so.
    await this.#host.restart().catch(() => undefined)
    this.#schedule(RETRY_MS)
  }
}
