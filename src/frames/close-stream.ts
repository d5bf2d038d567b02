import { describe } from './describe.ts'

/** Emitted by a handler to end its stream after the audio that it has already emitted was sent. */
export class CloseStream {
  /** Told to the client in an `end_stream` message. */
  readonly msg: string

  /**
   * @param msg - why the stream ends; `'Stream closed'` by default. The client gets the first 10,000 characters of one
   * that doesn't fit a message of 64 KiB.
   * @throws TypeError when it is no string
   */
  constructor(msg = 'Stream closed') {
    if (typeof msg !== 'string') throw new TypeError(`The msg of CloseStream must be a string, not ${describe(msg)}`)
    this.msg = msg
  }
}
