/** What a {@link Heartbeat} works on. */
export interface HeartbeatHost {
  /** Asks the far end for an answer. */
  ping(): void
  /** No answer came for a while; or one has come again. */
  onPath(path: 'lost' | 'back'): void
  /** None came for so long that none will. */
  onGivenUp(): void
}

const PERIOD_MS = 1_000

/** A network that is stuck for longer is worth a word to the person. */
const LOST_MS = 4_000

/** As long as a lost path is waited for over WebRTC. */
const GIVE_UP_MS = 30_000

/** Asks the server each second whether it is there, for a dead path may look like a quiet one for minutes. */
export class Heartbeat {
  readonly #host: HeartbeatHost
  readonly #timer: number
  /** When the question was asked that has no answer yet. */
  #askedAt: number | undefined
  #isLost = false
  #roundTripMs: number | undefined

  /** @param host - what it works on */
  constructor(host: HeartbeatHost) {
    this.#host = host
    this.#timer = setInterval(() => this.#beat(), PERIOD_MS)
    this.#beat()
  }

  /** Milliseconds to the server and back, by the latest answer. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  /** Takes note of an answer. */
  pong(): void {
    if (this.#askedAt !== undefined) this.#roundTripMs = performance.now() - this.#askedAt
    this.#askedAt = undefined
    if (this.#isLost) this.#host.onPath('back')
    this.#isLost = false
  }

  /** Stops it. */
  close(): void {
    clearInterval(this.#timer)
  }

  #beat(): void {
    if (this.#askedAt === undefined) {
      this.#askedAt = performance.now()
      this.#host.ping()
      return
    }
    const silence = performance.now() - this.#askedAt
    if (silence > GIVE_UP_MS) this.#host.onGivenUp()
    else if (silence > LOST_MS && !this.#isLost) {
      this.#isLost = true
      this.#host.onPath('lost')
    }
  }
}
