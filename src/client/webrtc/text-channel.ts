import { receiveText } from '../wire.ts'
import type { TextReceiver } from '../wire.ts'

/** What {@link TextChannel} tells. */
export interface TextChannelHost extends TextReceiver {
  /** The channel ended, which the server's end of the call does too. */
  onClose(): void
}

/** The data channel of a call: texts out, messages in. */
export class TextChannel {
  readonly #channel: RTCDataChannel
  #unsent: string[] = []

  /**
   * @param channel - just created
   * @param host - is told what comes
   */
  constructor(channel: RTCDataChannel, host: TextChannelHost) {
    this.#channel = channel
    channel.addEventListener('open', () => this.#flush())
    channel.addEventListener('close', () => host.onClose())
    channel.addEventListener('message', ({ data }) => receiveText(data, host))
  }

  /**
   * Sends a text; before the channel opens, it is kept and sent then.
   *
   * @param text - what to send
   */
  send(text: string): void {
    if (this.#channel.readyState === 'open') this.#channel.send(text)
    else this.#unsent.push(text)
  }

  #flush(): void {
    for (const text of this.#unsent) this.#channel.send(text)
    this.#unsent = []
  }
}
