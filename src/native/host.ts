import type { Duplex } from 'node:stream'
import type { EngineOptions, NativeHost, NativeSocket, SessionOptions } from '#binding'
import { loadBinding } from './binding.ts'
import { descriptorOf } from './descriptor.ts'
import { isolate } from './isolate.ts'
import { mapError } from './map-error.ts'
import type { MediaLink } from './media-link.ts'
import { MediaSocket } from './media-socket.ts'
import { NativeLink } from './native-link.ts'
import { NativeSocketLink } from './native-socket-link.ts'
import { ServerAddresses } from './server-addresses.ts'
import type { SocketLink, WireProtocol, WireSettings } from './socket-link.ts'
import { StreamCarrier } from './stream-carrier.ts'

/** How often the process is held, in ms; any time will do. */
const ALIVE_MS = 60_000

/** Where the media threads listen; sessions with equal settings share one engine of the process. */
export type EngineSettings = EngineOptions

/** How the media of one session behaves. */
export type LinkSettings = SessionOptions

/** What runs the media of sessions. */
export interface MediaHost {
  /** Which addresses of STUN and TURN servers are used, while there are sessions the same ones. */
  readonly serverAddresses: ServerAddresses
  /**
   * Accepts an offer. Returns at once; the answer comes as an event.
   *
   * @param engine - where its media runs
   * @param settings - how it behaves
   * @param offerSdp - the offer
   * @returns the session's media
   * @throws RangeError naming a setting that is out of range
   */
  accept(engine: EngineSettings, settings: LinkSettings, offerSdp: string): MediaLink
}

/** What runs the media of sessions over sockets. */
export interface SocketHost {
  /**
   * Begins a session; `connected` follows at once.
   *
   * @param settings - how it behaves
   * @param wire - what its audio is like on the socket
   * @param socket - that its audio goes over
   * @param protocol - how it goes over it
   * @returns the session's media
   * @throws RangeError naming a setting that is out of range
   */
  openSocket(settings: LinkSettings, wire: WireSettings, socket: MediaSocket, protocol: WireProtocol): SocketLink
}

/** A connection right behind its handshake. */
export interface AcceptedStream {
  /** The connection. Whoever hands it over uses it no more. */
  readonly stream: Duplex
  /** What came behind the handshake. */
  readonly head: Uint8Array
  /** Whether its bytes pass through this thread even where they needn't. Default false. */
  readonly isCarried?: boolean
}

/** Sessions and sockets that are told of in one go. */
const AT_ONCE = 256

/** The media engine as one JavaScript thread sees it: one wake-up for all its sessions. */
export class Host implements MediaHost, SocketHost {
  static #opening: Promise<Host> | undefined

  readonly serverAddresses: ServerAddresses = new ServerAddresses(() => this.#links.size > 0)
  readonly #native: NativeHost
  readonly #links = new Map<number, NativeLink>()
  /** Pairs of the key of a session or a socket and why it is ready. */
  readonly #ready = new Uint32Array(2 * AT_ONCE)
  readonly #sockets = new Map<number, MediaSocket>()
  #alive: NodeJS.Timeout | undefined

  /**
   * This thread's host; the addon is loaded the first time.
   *
   * @returns always the same one
   * @throws AddonMissingError
   */
  static open(): Promise<Host> {
    Host.#opening ??= loadBinding().then(
      (binding) => {
        binding.warmUp()
        return new Host(binding.NativeHost)
      },
      (error: unknown) => {
        Host.#opening = undefined
        throw error
      },
    )
    return Host.#opening
  }

  /**
   * Loads the addon and has it prepare for the first session, in the background. What fails is told to whoever opens
   * the host.
   */
  static prepare(): void {
    void Host.open().then(
      () => undefined,
      () => undefined,
    )
  }

  private constructor(native: new (wake: () => void) => NativeHost) {
    this.#native = new native(() => this.#dispatch())
  }

  accept(engine: EngineSettings, settings: LinkSettings, offerSdp: string): MediaLink {
    try {
      const link = new NativeLink(this.#native.accept(engine, settings, offerSdp))
      this.#links.set(link.key, link)
      return link
    } catch (error) {
      throw mapError(error)
    }
  }

  /**
   * Has a media thread read and write a WebSocket: by the connection's descriptor, where it has one of its own, else by what this
   * thread carries. While there are any, the process lives.
   *
   * @param engine - where its media runs
   * @param accepted - the connection
   * @returns the socket; listen to it at once
   */
  acceptSocket(engine: EngineSettings, accepted: AcceptedStream): MediaSocket {
    const { stream, isCarried = false } = accepted
    // The other side may be gone already, and nobody else listens for that.
    stream.on('error', () => undefined)
    const head = readAll(accepted)
    const socket =
      (isCarried ? undefined : this.#acceptDescriptor(engine, stream, head)) ?? this.#carry(engine, stream, head)
    this.#sockets.set(socket.native.key, socket)
    this.#alive ??= setInterval(() => undefined, ALIVE_MS)
    return socket
  }

  openSocket(settings: LinkSettings, wire: WireSettings, socket: MediaSocket, protocol: WireProtocol): SocketLink {
    try {
      const link = new NativeSocketLink(this.#native.openSocketSession(settings, wire, socket.native, protocol))
      this.#links.set(link.key, link)
      return link
    } catch (error) {
      throw mapError(error)
    }
  }

  /**
   * The audio of a session that another thread accepted: its listener here is told of audio and room, and never of
   * events.
   *
   * @param key - the session's, see {@link MediaLink.key}
   * @returns the session's media
   * @throws SessionClosedError when it has ended, RangeError when another thread has attached it, or this one accepted it
   */
  attach(key: number): MediaLink {
    try {
      const link = new NativeLink(this.#native.attach(key))
      this.#links.set(key, link)
      return link
    } catch (error) {
      throw mapError(error)
    }
  }

  /**
   * Lets go of a session that was attached.
   *
   * @param key - the session's
   */
  detach(key: number): void {
    this.#links.delete(key)
    this.#native.detach(key)
  }

  #dispatch(): void {
    const ready = this.#ready
    let count
    do {
      count = this.#native.poll(ready)
      for (let i = 0; i < count; i++) {
        isolate(() => this.#dispatchOne(ready[2 * i] as number, ready[2 * i + 1] as number))
      }
    } while (count === AT_ONCE)
  }

  #dispatchOne(key: number, bits: number): void {
    if (this.#links.get(key)?.dispatch(bits) === true) this.#links.delete(key)
    else if (this.#sockets.get(key)?.dispatch(bits) === true) this.#forget(key)
  }

  #forget(socket: number): void {
    this.#sockets.delete(socket)
    if (this.#sockets.size > 0) return
    clearInterval(this.#alive)
    this.#alive = undefined
  }

  #acceptDescriptor(engine: EngineSettings, stream: Duplex, head: Uint8Array): MediaSocket | undefined {
    const fd = descriptorOf(stream)
    if (fd === undefined) return undefined
    let native: NativeSocket
    try {
      native = this.#native.acceptSocket(engine, { fd, head })
    } catch {
      return undefined
    }
    // The media thread has a duplicate, so this closes nothing but our own.
    stream.destroy()
    return new MediaSocket(native)
  }

  #carry(engine: EngineSettings, stream: Duplex, head: Uint8Array): MediaSocket {
    try {
      const native = this.#native.acceptSocket(engine, { head })
      return new MediaSocket(native, new StreamCarrier(stream, native))
    } catch (error) {
      throw mapError(error)
    }
  }
}

/** What came behind a handshake, as far as it has been read. */
function readAll({ stream, head }: AcceptedStream): Uint8Array {
  const pieces = [head]
  stream.pause()
  for (let piece: unknown = stream.read(); piece !== null; piece = stream.read()) pieces.push(piece as Uint8Array)
  return Buffer.concat(pieces)
}
