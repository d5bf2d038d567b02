import type { CallStats } from '../statistics.ts'
import type { PlaybackReport } from './playback-worklet.ts'

/** Counts what goes over a socket. It loses nothing; what is lost is left out at its ends, to catch up. */
export class SocketStats {
  #sent = 0
  #unsent = 0
  #received = 0
  #receivedMs = 0
  /** As they were at the last reading. */
  #before = { sent: 0, unsent: 0, receivedMs: 0, droppedMs: 0 }

  /** @param wasSent - whether a piece of audio was sent, or dropped because too much waits to be */
  sent(wasSent: boolean): void {
    if (wasSent) this.#sent++
    else this.#unsent++
  }

  /** @param ms - how much audio came */
  received(ms: number): void {
    this.#received++
    this.#receivedMs += ms
  }

  /**
   * @param roundTripMs - the latest
   * @param playback - how playing goes; undefined before it does
   * @returns the figures a person cares for
   */
  read(roundTripMs: number | undefined, playback: PlaybackReport | undefined): CallStats {
    const now = {
      sent: this.#sent,
      unsent: this.#unsent,
      receivedMs: this.#receivedMs,
      droppedMs: playback?.droppedMs ?? 0,
    }
    const { sent, unsent, receivedMs, droppedMs } = this.#before
    this.#before = now
    return {
      roundTripMs,
      lossHeard: share(now.droppedMs - droppedMs, now.receivedMs - receivedMs),
      lossSent: share(now.unsent - unsent, now.unsent - unsent + now.sent - sent),
      jitterMs: undefined,
      packetsReceived: this.#received,
      packetsSent: this.#sent,
    }
  }
}

function share(part: number, whole: number): number | undefined {
  return whole > 0 ? Math.min(1, part / whole) : undefined
}
