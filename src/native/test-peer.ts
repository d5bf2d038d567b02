import type {
  NativeTestPeer,
  TestHeard,
  TestMessage,
  TestNetwork,
  TestPeerOptions,
  TestPeerStats,
  TestPicture,
} from '#binding'
import type { EmitVideo } from '../frames/emit-type.ts'
import { loadBinding } from './binding.ts'
import type { Clock } from './clock.ts'
import type { LinkSettings } from './host.ts'
import { mapError } from './map-error.ts'
import { NativeLink } from './native-link.ts'

/** How a fake peer is made. */
export type PeerSettings = TestPeerOptions

/** What its network does to datagrams. */
export type PeerNetwork = TestNetwork

/** What it received, by its own count. */
export type PeerStats = TestPeerStats

/** The fake peer of the test kit. Its times are ms since it was made. */
export class TestPeer {
  readonly #native: NativeTestPeer
  #link: NativeLink | undefined

  /**
   * Makes one; the addon is loaded the first time.
   *
   * @param settings - how it is made
   * @returns one that has yet to make its offer
   * @throws AddonMissingError, or RangeError naming what can't be used
   */
  static async make(settings: PeerSettings): Promise<TestPeer> {
    const binding = await loadBinding()
    try {
      return new TestPeer(new binding.NativeTestPeer(settings))
    } catch (error) {
      throw mapError(error)
    }
  }

  private constructor(native: NativeTestPeer) {
    this.#native = native
  }

  /** Milliseconds since it was made. */
  get nowMs(): number {
    return this.#native.nowMs()
  }

  /** When it was first connected; -1 before. */
  get connectedAtMs(): number {
    return this.#native.connectedAtMs()
  }

  /** Whether its data channel is open. */
  get channelIsOpen(): boolean {
    return this.#native.channelIsOpen()
  }

  /** @returns the SDP of its offer */
  offer(): string {
    return this.#native.offer()
  }

  /** @param sdp - the answer */
  answered(sdp: string): void {
    this.#native.answered(sdp)
  }

  /**
   * In virtual time: has a session answer an offer.
   *
   * @param settings - how the session behaves
   * @param sdp - the offer
   * @param clock - what time is for it
   * @returns its media
   * @throws RangeError naming a setting that is out of range
   */
  accept(settings: LinkSettings, sdp: string, clock: Clock): NativeLink {
    try {
      this.#link = new NativeLink(this.#native.accept(settings, sdp), clock)
      return this.#link
    } catch (error) {
      throw mapError(error)
    }
  }

  /**
   * In virtual time: lets time pass until the session has said something, at most that long.
   *
   * @param mostMs - at most
   */
  advance(mostMs: number): void {
    this.#native.advance(mostMs)
    const bits = this.#native.takeReady()
    if (bits !== 0) this.#link?.dispatch(bits)
  }

  /**
   * Speaks, after whatever it is saying.
   *
   * @param samples - interleaved
   * @param sampleRate - in Hz
   * @param channels - 1 or 2
   * @throws RangeError naming what is out of range
   */
  speak(samples: Int16Array, sampleRate: number, channels: number): void {
    try {
      this.#native.speak(samples, sampleRate, channels)
    } catch (error) {
      throw mapError(error)
    }
  }

  /**
   * Shows a picture to its camera, now.
   *
   * @param picture - checked
   * @throws RangeError naming what can't be
   */
  show({ data, format, width, height }: EmitVideo & { data: Uint8Array }): void {
    try {
      this.#native.show(data, { format, width, height })
    } catch (error) {
      throw mapError(error)
    }
  }

  /** @returns the pictures that it saw since the last call, and when each came */
  takeSeen(): TestPicture[] {
    return this.#native.takeSeen()
  }

  /** Says nothing more of what it was about to say. */
  hush(): void {
    this.#native.hush()
  }

  /**
   * Presses keys of its telephone, after those that it is pressing.
   *
   * @param keys - which
   * @param downMs - how long each is down
   * @param gapMs - how long after each the next may follow
   * @throws RangeError for what is no key
   */
  press(keys: string, downMs: number, gapMs: number): void {
    try {
      this.#native.press(keys, downMs, gapMs)
    } catch (error) {
      throw mapError(error)
    }
  }

  /**
   * Sends a message.
   *
   * @param text - any
   * @throws ChannelClosedError when its data channel is not open
   */
  sendText(text: string): void {
    try {
      this.#native.sendText(text)
    } catch (error) {
      throw mapError(error)
    }
  }

  /** Closes its connection, and says so. */
  hangUp(): void {
    this.#native.hangUp()
  }

  /** Is gone without a word. */
  vanish(): void {
    this.#native.vanish()
  }

  /** @param network - what its network is like from now on */
  setNetwork(network: PeerNetwork): void {
    this.#native.setNetwork(network)
  }

  /** @returns what it heard since the last call: frames of 20 ms at 48 kHz, and when each came */
  takeHeard(): TestHeard {
    return this.#native.takeHeard()
  }

  /** @returns the messages that it got since the last call */
  takeMessages(): TestMessage[] {
    return this.#native.takeMessages()
  }

  /** @returns its counters */
  stats(): PeerStats {
    return this.#native.stats()
  }

  /** Lets go of its socket and its thread, if it has them. */
  end(): void {
    this.#native.end()
  }
}
