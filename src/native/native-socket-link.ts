import { NativeLink } from './native-link.ts'
import type { SocketLink } from './socket-link.ts'

/** A socket's session of the addon. */
export class NativeSocketLink extends NativeLink implements SocketLink {
  receive(payload: Uint8Array, chunk?: number): void {
    this.native.receive(payload, chunk)
  }

  acknowledge(messages: number): void {
    this.native.acknowledge(messages)
  }

  marked(name: string): void {
    this.native.marked(name)
  }
}
