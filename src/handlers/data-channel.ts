/** The channel for text messages between a handler and its client. */
export interface DataChannel {
  /**
   * Sends a message.
   *
   * @param message - any string, up to 64 KiB in UTF-8
   * @throws ChannelClosedError after the channel has closed
   */
  send(message: string): void
}

/** What a handler can do to its connection, given to it by whatever runs it. */
export interface HandlerConnection extends DataChannel {
  /** Drops all audio that was emitted and not sent yet. */
  clearQueue(): void
}
