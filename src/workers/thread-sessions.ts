import { toWebRTCError } from '../frames/thrown.ts'
import type { Host } from '../native/host.ts'
import type { MediaLink } from '../native/media-link.ts'
import type { Logger } from '../session/logger.ts'
import type { HandlerSource } from '../stream/handler-source.ts'
import type { AttachMessage, FromThread, ToSession, ToThread } from './protocol.ts'
import { ThreadSession } from './thread-session.ts'
import { packError } from './wire-error.ts'

/** The sessions of a worker thread. */
export class ThreadSessions {
  readonly #host: Host
  readonly #source: HandlerSource
  readonly #post: (message: FromThread) => void
  readonly #logger: Logger
  readonly #sessions = new Map<number, ThreadSession>()

  /**
   * @param host - the thread's media
   * @param source - makes handlers
   * @param post - tells the main thread
   */
  constructor(host: Host, source: HandlerSource, post: (message: FromThread) => void) {
    this.#host = host
    this.#source = source
    this.#post = post
    const log = (level: keyof Logger) => (message: string) => post({ type: 'log', level, message })
    this.#logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
  }

  /** @param message - from the main thread */
  take(message: ToThread): void {
    if (message.type === 'ping') this.#post({ type: 'pong' })
    else if (message.type === 'attach') this.#attach(message)
    else if (message.type === 'end') void this.#end(message.key, message.reason)
    else this.#tell(message)
  }

  #attach(message: AttachMessage): void {
    const { key } = message
    try {
      const link = this.#host.attach(key)
      this.#sessions.set(key, this.#make(message, link))
      this.#post({ type: 'attached', key })
    } catch (error) {
      this.#host.detach(key)
      this.#post({ type: 'refused', key, error: packError(error) })
    }
  }

  #make(message: AttachMessage, link: MediaLink): ThreadSession {
    const handler = this.#source.make()
    return new ThreadSession({ message, handler, link, logger: this.#logger, post: this.#post })
  }

  #tell(message: Exclude<ToSession, { type: 'end' }>): void {
    const session = this.#sessions.get(message.key)
    switch (message.type) {
      case 'start':
        return session?.start()
      case 'halt':
        return session?.halt()
      case 'channel':
        return session?.openChannel()
      case 'args':
        return session?.setArgs(message.args)
      case 'event':
        return session?.relay(message.event)
    }
  }

  async #end(key: number, reason: string): Promise<void> {
    try {
      await this.#sessions.get(key)?.end(reason)
    } catch (error) {
      this.#post({ type: 'complaint', key, error: packError(toWebRTCError(error)) })
    }
    this.#sessions.delete(key)
    this.#host.detach(key)
    this.#post({ type: 'ended', key })
  }
}
