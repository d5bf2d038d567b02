import type { DriverParts } from '../driver/driver.ts'
import type { DriverClient } from '../driver/driver-client.ts'
import type { Runner } from '../driver/runner.ts'
import { ChannelClosedError, NegotiationError, ParleyError } from '../errors.ts'
import { AdditionalOutputs } from '../frames/additional-outputs.ts'
import { toWebRTCError } from '../frames/thrown.ts'
import type { LinkEvent } from '../native/media-link.ts'
import type { Session } from '../session/session.ts'
import type { PoolThread } from './pool-thread.ts'
import type { AttachMessage, FromSession, NewsOfHandler, RelayedEvent } from './protocol.ts'
import { unpackError, type WireError } from './wire-error.ts'

/** Runs a session's handler on another thread: tells it what happens, and hears what it does. */
export class RemoteRunner implements Runner {
  readonly prepared: Promise<void>
  /** The session's number. */
  readonly key: number
  readonly #thread: PoolThread
  readonly #parts: DriverParts
  readonly #session: Pick<Session, 'close' | 'sendMessage'>
  readonly #ended: Promise<void>
  #state: 'preparing' | 'prepared' | 'ending' | 'ended' = 'preparing'
  #prepare!: { resolve: () => void; reject: (error: Error) => void }
  #end!: () => void

  /**
   * @param thread - where the handler runs
   * @param parts - the session's
   * @param session - closed, or sent a message, when the handler asks for it
   */
  constructor(thread: PoolThread, parts: DriverParts, session: Pick<Session, 'close' | 'sendMessage'>) {
    this.#thread = thread
    this.#parts = parts
    this.#session = session
    this.key = parts.link.key
    this.prepared = new Promise((resolve, reject) => (this.#prepare = { resolve, reject }))
    this.#ended = new Promise((resolve) => (this.#end = resolve))
    thread.add(this)
  }

  /** Whether the session has ended on the main thread. */
  get isEnding(): boolean {
    return this.#state === 'ending' || this.#state === 'ended'
  }

  /** @param message - what the thread has to know to make its handler */
  attach(message: Omit<AttachMessage, 'type' | 'key' | 'id' | 'outputTargetMs' | 'muted'>): void {
    const { context, outputTargetMs, muted } = this.#parts
    const { key } = this
    this.#thread.post({ type: 'attach', key, id: context.webrtcId, outputTargetMs, muted, ...message })
  }

  start(): void {
    this.#thread.post({ type: 'start', key: this.key })
    this.#thread.ask()
  }

  halt(): void {
    this.#thread.post({ type: 'halt', key: this.key })
  }

  end(reason: string): Promise<void> {
    if (this.isEnding) return this.#ended
    this.#prepare.reject(new NegotiationError('connection_closed', this.#whyUnprepared()))
    this.#state = 'ending'
    this.#thread.post({ type: 'end', key: this.key, reason })
    this.#thread.endIfStuck()
    return this.#ended
  }

  onAudio(): void {
    // It was told before the other thread attached the audio, and is told there again.
  }

  onRoom(): void {
    // As with audio.
  }

  onVideo(): void {
    // As with audio.
  }

  onVideoRoom(): void {
    // As with audio.
  }

  /** @param event - of a mark that the handler put behind its audio */
  onPlayed({ mark, playedMs, lengthMs }: LinkEvent & { kind: 'played' }): void {
    this.relay({ name: 'played', mark, playedMs, lengthMs })
  }

  /** @param args - with the placeholder */
  setArgs(args: unknown[]): void {
    this.#thread.post({ type: 'args', key: this.key, args })
  }

  /** The data channel is open. */
  openChannel(): void {
    this.#thread.post({ type: 'channel', key: this.key })
  }

  /** @param event - that the handler may listen for */
  relay(event: RelayedEvent): void {
    if (!this.isEnding) this.#thread.post({ type: 'event', key: this.key, event })
  }

  /** @param message - from the thread */
  take(message: FromSession): void {
    if (message.type === 'ended') return this.#finish()
    if (this.#state === 'ended') return
    if (message.type === 'refused') return this.#refuse(message.error)
    if (message.type !== 'attached') return this.#tell(message, this.#parts.client)
    if (this.#state === 'preparing') this.#state = 'prepared'
    this.#prepare.resolve()
  }

  /** @param error - why the thread is gone */
  onThreadExit(error: ParleyError): void {
    const wasPrepared = this.#state === 'prepared'
    this.#prepare.reject(error)
    this.#finish()
    if (wasPrepared) this.#parts.client.onFailure(error)
  }

  /** What has ended meanwhile says so by itself. */
  #refuse(error: WireError): void {
    if (error.code !== 'ERR_PARLEY_SESSION_CLOSED') this.#prepare.reject(unpackError(error))
  }

  #whyUnprepared(): string {
    const ended = 'The session ended before its handler was made'
    return this.#thread.isStuck ? `${ended}: the handler of another session holds up all worker threads` : ended
  }

  #tell(message: NewsOfHandler, client: DriverClient): void {
    switch (message.type) {
      case 'failure':
        return client.onFailure(asParleyError(unpackError(message.error)))
      case 'complaint':
        return client.onComplaint(unpackError(message.error))
      case 'warning':
        return client.onWarning(message.message)
      case 'outputs':
        return client.onOutputs(new AdditionalOutputs(...message.args))
      case 'close-stream':
        return client.onCloseStream(message.message)
      case 'speech':
        return client.onSpeech(message.news)
      case 'close':
        return this.#session.close(message.reason)
      case 'send':
        return this.#send(message.text, client)
    }
  }

  #send(text: string, client: DriverClient): void {
    try {
      this.#session.sendMessage(text)
    } catch (error) {
      // What the handler sent last may come when the socket has closed.
      if (!(error instanceof ChannelClosedError)) client.onComplaint(toWebRTCError(error))
    }
  }

  #finish(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#thread.remove(this)
    this.#end()
  }
}

function asParleyError(error: Error): ParleyError {
  return error instanceof ParleyError ? error : toWebRTCError(error)
}
