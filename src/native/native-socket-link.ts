import { NativeLink } from './native-link.ts'
import type { SocketLink } from './socket-link.ts'

/** The longest payload: 20 ms of PCM at 192,000 Hz. */
const MAX_PAYLOAD_BYTES = 7680

/** Where all links read into, one after the other, and the part of it that was handed out last: mostly the same. */
const scratch = new Uint8Array(MAX_PAYLOAD_BYTES)
let part = scratch

/** A socket's session of the addon. */
export class NativeSocketLink extends NativeLink implements SocketLink {
  receive(payload: Uint8Array): void {
    this.native.receive(payload)
  }

  readPayload(): Uint8Array | 'clear' | undefined {
    const length = this.native.readPayload(scratch)
    if (length <= 0) return length < 0 ? 'clear' : undefined
    if (part.length !== length) part = scratch.subarray(0, length)
    return part
  }

  acknowledge(payloads: number): void {
    this.native.acknowledge(payloads)
  }
}
