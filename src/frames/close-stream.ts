/** Emitted by a handler to end its stream after the audio that it has already emitted was sent. */
export class CloseStream {
  /** Told to the client in an `end_stream` message. */
  readonly msg: string

  /** @param msg - why the stream ends; `'Stream closed'` by default */
  constructor(msg = 'Stream closed') {
    this.msg = msg
  }
}
