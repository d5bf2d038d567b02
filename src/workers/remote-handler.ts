import { type Runner, SelfRunHandler } from '../driver/runner.ts'
import type { DriverParts } from '../driver/driver.ts'
import { OtherThreadError } from '../errors.ts'
import type { DataChannel } from '../handlers/data-channel.ts'
import type { EventLoop } from '../handlers/event-loop.ts'
import type { Session } from '../session/session.ts'
import { findUncloneable } from './cloneable.ts'
import type { PoolThread } from './pool-thread.ts'
import type { HandlerSettings, RelayedEvent } from './protocol.ts'
import { RemoteLoop } from './remote-loop.ts'
import { RemoteRunner } from './remote-runner.ts'

/** Stands in on the main thread for the handler of one session, which runs on another thread. */
export class RemoteHandler extends SelfRunHandler {
  override readonly loop: EventLoop
  /** Whether a slow one gets the newest picture. */
  readonly skipFrames: boolean
  /** Where it is made. */
  readonly thread: PoolThread
  readonly #settings: HandlerSettings
  #runner: RemoteRunner | undefined
  #session: Session | undefined

  /**
   * @param thread - where the handler is made
   * @param settings - of all handlers there
   */
  constructor(thread: PoolThread, settings: HandlerSettings) {
    const { skipFrames, ...options } = settings
    super(options)
    this.skipFrames = skipFrames
    this.loop = new RemoteLoop(thread.threadId)
    this.thread = thread
    this.#settings = settings
    thread.reserve()
  }

  /** @param session - which it serves; what happens in it is told to the handler's own session, on its thread */
  bind(session: Session): void {
    this.#session = session
    const relay = (event: RelayedEvent): void => this.#runner?.relay(event)
    session.on('connected', () => relay({ name: 'connected' }))
    session.on('disconnected', () => relay({ name: 'disconnected' }))
    session.on('dtmf', (digit, durationMs) => relay({ name: 'dtmf', digit, durationMs }))
    session.on('message', (text) => relay({ name: 'message', text }))
  }

  override run(parts: DriverParts): Runner {
    const { phoneMode, latestArgs } = this
    const { remoteAddress, call, transport = 'webrtc' } = this.#session ?? {}
    this.#runner = new RemoteRunner(this.thread, parts, {
      close: (reason) => this.#session?.close(reason),
      sendMessage: (message) => this.#session?.sendMessage(message),
    })
    this.#runner.attach({ transport, call, remoteAddress, settings: this.#settings, phoneMode, args: latestArgs })
    return this.#runner
  }

  override setArgs(args: unknown[]): void {
    const wrong = findUncloneable(args, 'args')
    if (wrong !== undefined) {
      throw new TypeError(`Arguments of a handler on a worker thread are copied by structured clone; not so ${wrong}`)
    }
    super.setArgs(args)
    this.#runner?.setArgs(args)
  }

  override setChannel(channel: DataChannel): void {
    super.setChannel(channel)
    this.#runner?.openChannel()
  }

  override copy(): RemoteHandler {
    throw new OtherThreadError('The handler of this session runs on a worker thread, and is copied there')
  }

  /** Called when the session ended before it had media; else {@link run} sees to it. */
  override shutdown(): void {
    if (this.#runner === undefined) this.thread.release()
  }
}
