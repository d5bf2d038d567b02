import type { ParleyError } from '../errors.ts'
import type { AdditionalOutputs } from '../frames/additional-outputs.ts'
import type { PlayedMark } from '../frames/played-mark.ts'
import type { SpeechNews } from '../turn-taking/turn.ts'

/** The session that a driver runs a handler for: where everything goes that is no audio. None of these throws but where it says so. */
export interface DriverClient {
  /** The handler threw, or its thread ended: it is called no more, and the session ends with this message. */
  onFailure(error: ParleyError): void
  /** Something is wrong with what the handler did; it goes on. */
  onComplaint(error: Error): void
  /** Something that whoever wrote the handler should know. */
  onWarning(message: string): void
  /** Outputs for the page. */
  onOutputs(outputs: AdditionalOutputs): void
  /**
   * A mark behind the audio that is queued.
   *
   * @param mark - which
   * @param overMs - how much of that audio it is about; undefined for all since the mark before
   * @throws InvalidEmitError or SessionClosedError
   */
  onMark(mark: PlayedMark, overMs: number | undefined): void
  /** Something happened in the conversation, which listeners of the session are told. */
  onSpeech(news: SpeechNews): void
  /** The handler has ended the stream; the audio before it is queued already. */
  onCloseStream(message: string): void
}
