import { ChannelClosedError } from '../errors.ts'
import type { Layout } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'
import { formatMessage } from '../signaling/messages.ts'
import { AsyncEvent } from './async-event.ts'
import type { DataChannel, HandlerConnection } from './data-channel.ts'
import { EventLoop } from './event-loop.ts'
import { checkHandlerOptions, type HandlerOptions } from './handler-options.ts'

/** Placeholder at index 0 of additional arguments, where the reference has the audio component's own value. */
export const PLACEHOLDER = '__webrtc_value__'

// Assigned by the class, the only one that may touch its private fields, and kept off it so that subclasses don't see it.
let connect: (handler: StreamHandlerBase, connection: HandlerConnection) => void

/** What all handlers share. Subclass {@link StreamHandler} or {@link AsyncStreamHandler}, not this. */
export abstract class StreamHandlerBase {
  /** Layout in which `receive` gets audio; the core mixes down or up. */
  readonly expectedLayout: Layout
  /** Rate at which emitted audio is sent on, in Hz. */
  readonly outputSampleRate: number
  /** Samples per channel in 20 ms of output: `outputSampleRate / 50`. */
  readonly outputFrameSize: number
  /** Rate at which `receive` gets audio, in Hz. */
  readonly inputSampleRate: number
  /** Frames a second, for video. */
  readonly fps: number
  /** The data channel, null until it opens. */
  channel: DataChannel | null = null
  /** Set when {@link channel} is. */
  readonly channelSet: AsyncEvent = new AsyncEvent()
  /** Set when additional arguments have arrived. */
  readonly argsSet: AsyncEvent = new AsyncEvent()
  /** The latest additional arguments; index 0 is the placeholder `'__webrtc_value__'`. */
  latestArgs: 'not_set' | unknown[] = 'not_set'
  /** The event loop that runs this handler. */
  readonly loop: EventLoop = new EventLoop()
  /** True when the session came in by telephone. */
  phoneMode = false

  #connection: HandlerConnection | null = null
  #kept: string[] = []

  /**
   * @param options - how the handler wants its audio
   * @throws TypeError or RangeError naming the value that can't work, or the option that doesn't exist
   */
  constructor(options: HandlerOptions = {}) {
    checkHandlerOptions(options)
    this.expectedLayout = options.expectedLayout ?? 'mono'
    this.outputSampleRate = options.outputSampleRate ?? 24000
    this.outputFrameSize = this.outputSampleRate / 50
    this.inputSampleRate = options.inputSampleRate ?? 48000
    this.fps = options.fps ?? 30
    const { outputFrameSize } = options
    if (outputFrameSize !== undefined && outputFrameSize !== this.outputFrameSize) warnFrameSize(outputFrameSize)
  }

  /** Makes the handler of one connection, with the same settings: called once for each, on the handler given to the stream. */
  abstract copy(): StreamHandlerBase

  /**
   * Drops every frame that was emitted and has not been sent yet; the client hears silence within 20 ms. A subclass that
   * keeps audio of its own clears that too.
   */
  clearQueue(): void {
    this.#connection?.clearQueue()
  }

  /**
   * Sends a message to the client. Before the data channel opens it is kept, and sent when it opens. A client may leave at any
   * time, so a rejection that nobody awaits does no harm.
   *
   * @param message - any string, up to 64 KiB in UTF-8
   * @returns when it was handed over
   * @throws ChannelClosedError after the channel has closed, MessageTooLargeError, ChannelFullError, TypeError for what is no
   * string
   */
  sendMessage(message: string): Promise<void> {
    // oxlint-disable-next-line require-await -- what sendMessageSync throws has to arrive as a rejection
    const sent = (async () => this.sendMessageSync(message))()
    // From a timer or a listener nobody awaits it, and what a client does must not end the process.
    sent.catch(() => undefined)
    return sent
  }

  /**
   * The same as {@link sendMessage}, handed over before it returns.
   *
   * @param message - any string, up to 64 KiB in UTF-8
   * @throws ChannelClosedError after the channel has closed, TypeError for what is no string
   */
  sendMessageSync(message: string): void {
    if (typeof message !== 'string') throw new TypeError(`A message must be a string, not ${describe(message)}`)
    const channel = this.#connection ?? this.channel
    if (channel === null) this.#kept.push(message)
    else channel.send(message)
  }

  /**
   * Called by the stream when the data channel opens; sends what was kept for it.
   *
   * @param channel - where messages go
   */
  setChannel(channel: DataChannel): void {
    this.channel = channel
    for (const message of this.#kept.splice(0)) channel.send(message)
    this.channelSet.set()
  }

  /**
   * Called by the stream when additional arguments arrive.
   *
   * @param args - the placeholder `'__webrtc_value__'`, then the arguments
   * @throws TypeError for what is no array, RangeError for an empty one
   */
  setArgs(args: unknown[]): void {
    if (!Array.isArray(args)) throw new TypeError(`Additional arguments must be an array, not ${describe(args)}`)
    if (args.length === 0) {
      throw new RangeError(
        `Additional arguments must begin with the placeholder '${PLACEHOLDER}': the array [] is empty`,
      )
    }
    this.latestArgs = args
    this.argsSet.set()
  }

  /** Asks the client for its inputs, with a `send_input` message. Does nothing in phone mode. */
  async fetchArgs(): Promise<void> {
    if (!this.phoneMode) await this.sendMessage(formatMessage({ type: 'send_input', data: [] }))
  }

  /**
   * Asks the client for its inputs and waits for them. In phone mode it does neither.
   *
   * @returns when {@link latestArgs} holds them
   */
  async waitForArgs(): Promise<void> {
    if (this.phoneMode) return
    await this.fetchArgs()
    await this.argsSet.wait()
  }

  /** Forgets that arguments have arrived, so that {@link waitForArgs} waits for new ones. */
  reset(): void {
    this.argsSet.clear()
  }

  /** Called once when the session ends, however it ends. Override it to let go of what the handler holds. */
  shutdown(): void | Promise<void> {
    return undefined
  }

  static {
    connect = (handler, connection) => {
      handler.#connection = connection
      for (const message of handler.#kept.splice(0)) connection.send(message)
    }
  }
}

/**
 * Ties a handler to the connection that it serves. Messages that the handler sent before go out now.
 *
 * @param handler - the copy made for this connection
 * @param connection - where its messages go
 */
export function connectHandler(handler: StreamHandlerBase, connection: HandlerConnection): void {
  connect(handler, connection)
}

/** A connection on which nothing can be sent: what a handler has after its session ended. */
export const closedConnection: HandlerConnection = {
  send: () => {
    throw new ChannelClosedError()
  },
  clearQueue: () => undefined,
}

const warnedSizes = new Set<unknown>()

/** Once for each value: a handler is made anew for each connection. */
function warnFrameSize(outputFrameSize: number): void {
  if (warnedSizes.has(outputFrameSize)) return
  warnedSizes.add(outputFrameSize)
  process.emitWarning(
    `outputFrameSize is derived from outputSampleRate (20 ms); the value ${describe(outputFrameSize)} is ignored`,
    'DeprecationWarning',
  )
}
