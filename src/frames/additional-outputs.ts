/**
 * Values that a handler hands to the page beside its audio. The page is told with a `fetch_output` message and reads them
 * by `stream.outputStream` or `stream.fetchLatestOutput`.
 */
export class AdditionalOutputs {
  /** What was given to the constructor, in order. */
  readonly args: unknown[]

  /** @param args - the values, in the order of the stream's `additionalOutputs` */
  constructor(...args: unknown[]) {
    this.args = args
  }
}
