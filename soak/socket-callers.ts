import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Who calls over a WebSocket: a page, or a telephone's provider. */
export type SocketKind = 'page' | 'phone'

/** What the process of callers is told. */
export interface Order {
  /** To connect, or how to end. */
  readonly what: SocketKind | 'close' | 'vanish'
  /** Of the caller. */
  readonly id: string
  /** Where to connect. */
  readonly url?: string
}

// Beside this file, and compiled as it is.
const CHILD = fileURLToPath(new URL(`socket-child${extname(import.meta.url)}`, import.meta.url))

/** One caller of the program, who talks once it is connected. */
export class SocketCaller {
  /** Of its session. */
  readonly id: string
  /** Done when its socket is closed, whoever did it. */
  readonly closed: Promise<void>
  readonly #tell: (order: Order) => void

  /**
   * @param id - of its session
   * @param closed - settles with its socket
   * @param tell - reaches the program
   */
  constructor(id: string, closed: Promise<void>, tell: (order: Order) => void) {
    this.id = id
    this.closed = closed
    this.#tell = tell
  }

  /** Hangs up as a page or a provider does. */
  close(): void {
    this.#tell({ what: 'close', id: this.id })
  }

  /** Is gone without a word. */
  vanish(): void {
    this.#tell({ what: 'vanish', id: this.id })
  }
}

/** A process of callers over WebSockets. */
export class SocketCallers {
  readonly #child: ChildProcess = fork(CHILD)
  readonly #closings = new Map<string, () => void>()
  #made = 0

  constructor() {
    this.#child.on('message', (id: string) => {
      this.#closings.get(id)?.()
      this.#closings.delete(id)
    })
  }

  /** @returns the id of the next caller */
  nextId(): string {
    return `socket-${process.pid}-${++this.#made}`
  }

  /**
   * Connects a caller, who begins to talk.
   *
   * @param kind - who it is
   * @param id - of its session
   * @param url - of the WebSocket
   */
  call(kind: SocketKind, id: string, url: string): SocketCaller {
    const closed = new Promise<void>((resolve) => void this.#closings.set(id, resolve))
    this.#tell({ what: kind, id, url })
    return new SocketCaller(id, closed, (order) => this.#tell(order))
  }

  /** Ends the program. */
  async kill(): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }

  #tell(order: Order): void {
    this.#child.send(order)
  }
}
