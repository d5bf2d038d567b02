import type { EngineOptions, NativeHost, SessionOptions } from '#binding'
import { loadBinding } from './binding.ts'
import { isolate } from './isolate.ts'
import { mapError } from './map-error.ts'
import type { MediaLink } from './media-link.ts'
import { NativeLink } from './native-link.ts'
import { NativeSocketLink } from './native-socket-link.ts'
import { ServerAddresses } from './server-addresses.ts'
import type { SocketLink, WireSettings } from './socket-link.ts'

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
   * @param engine - where its media runs
   * @param settings - how it behaves
   * @param wire - what its audio is like on the socket
   * @returns the session's media
   * @throws RangeError naming a setting that is out of range
   */
  open(engine: EngineSettings, settings: LinkSettings, wire: WireSettings): SocketLink
}

/** Sessions that are told of in one go. */
const AT_ONCE = 256

/** The media engine as one JavaScript thread sees it: one wake-up for all its sessions. */
export class Host implements MediaHost, SocketHost {
  static #opening: Promise<Host> | undefined

  readonly serverAddresses: ServerAddresses = new ServerAddresses(() => this.#links.size > 0)
  readonly #native: NativeHost
  readonly #links = new Map<number, NativeLink>()
  /** Pairs of a session's key and why it is ready. */
  readonly #ready = new Uint32Array(2 * AT_ONCE)

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

  open(engine: EngineSettings, settings: LinkSettings, wire: WireSettings): SocketLink {
    try {
      const link = new NativeSocketLink(this.#native.open(engine, settings, wire))
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
  }
}
